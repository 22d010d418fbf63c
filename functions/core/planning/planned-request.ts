import { PurgerError } from '../model/errors.ts';
import type { Header, PurgeAction, PurgeEntry, Scope, Target } from '../model/types.ts';

/** The body of `POST /cdn/purges`, in CDN Pro's own names. */
export interface PurgeRequestBody {
  readonly name: string;
  readonly target: Target;
  readonly action: PurgeAction;
  readonly fileUrls?: readonly string[];
  readonly fileHeaders?: readonly Header[];
  readonly dirUrls?: readonly string[];
  readonly regexPatterns?: readonly string[];
  readonly webhook?: string;
}

/** Most `dirUrls` and `regexPatterns` in a request (the purge API's page). */
export const maxDirUrls = 20;
export const maxRegexPatterns = 2;

/** One thing to purge, once, however many messages ask for it. */
export interface PlannedEntry {
  readonly entry: PurgeEntry;
  /** Indices of the messages that hold it. */
  readonly messages: readonly number[];
  /**
   * What is settled with it, since it purges that, too: each once, and none of them covers anything itself. Where it is
   * rejected, these are to be planned anew.
   */
  readonly covered?: readonly PlannedEntry[];
  /** Whether nobody asked for it: it replaces the siblings that it covers. */
  readonly isCoalesced?: true;
}

/** One purge request to make: entries of one scope, its files of one header set. */
export interface PlannedRequest {
  readonly entries: readonly PlannedEntry[];
}

/** @returns an entry and what it covers, of which none covers anything any more: planned anew, each is there once */
export function flattened({ covered = [], ...planned }: PlannedEntry): readonly PlannedEntry[] {
  return [planned, ...covered];
}

/** @returns two requests with half of the entries each; the request itself where it has only one entry */
export function halve(request: PlannedRequest): readonly PlannedRequest[] {
  if (request.entries.length < 2) return [request];
  const middle = Math.ceil(request.entries.length / 2);
  return [{ entries: request.entries.slice(0, middle) }, { entries: request.entries.slice(middle) }];
}

/** @returns every entry that is settled when a request is accepted: those that it names, and those that they cover */
export function settledBy({ entries }: PlannedRequest): readonly PlannedEntry[] {
  return entries.flatMap((planned) =>
    planned.covered === undefined ? [planned] : [planned, ...planned.covered],
  );
}

/** A planned request without entries. */
export class EmptyRequestError extends PurgerError {
  override readonly name = 'EmptyRequestError';
}

/**
 * @returns the body that asks for a planned request
 * @throws EmptyRequestError
 */
export function bodyOf({ entries }: PlannedRequest): PurgeRequestBody {
  const fileUrls: string[] = [];
  const dirUrls: string[] = [];
  const regexPatterns: string[] = [];
  let headers: readonly Header[] | undefined;
  let scope: Scope | undefined;
  for (const { entry } of entries) {
    scope ??= entry;
    if (entry.kind === 'file') {
      fileUrls.push(entry.url);
      headers ??= entry.headers ?? [];
    } else if (entry.kind === 'dir') dirUrls.push(entry.url);
    else regexPatterns.push(entry.pattern);
  }
  if (scope === undefined)
    throw new EmptyRequestError('Expected a planned request to have entries, got none');
  return {
    name: 'cdn-pro-purger',
    target: scope.target,
    action: scope.action,
    ...(fileUrls.length > 0 ? { fileUrls } : {}),
    ...(headers !== undefined && headers.length > 0 ? { fileHeaders: headers } : {}),
    ...(dirUrls.length > 0 ? { dirUrls } : {}),
    ...(regexPatterns.length > 0 ? { regexPatterns } : {}),
    ...(scope.webhook === undefined ? {} : { webhook: scope.webhook }),
  };
}
