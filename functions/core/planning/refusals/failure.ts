import { entryText } from '../../model/entry-text.ts';
import type { FileEntry, Header, PurgeEntry } from '../../model/types.ts';
import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';

/** How a request was not accepted. */
export interface Failure {
  /**
   * `refused`: CDN Pro says no, for whatever reason. `no-verdict`: it was out of reach or failed itself, and may have
   * done so because of the request.
   */
  readonly kind: 'refused' | 'no-verdict';
  /** CDN Pro's words, else what is known instead. */
  readonly message: string;
  readonly status?: number;
  readonly code?: string;
  /** `x-cnc-request-id`. */
  readonly requestId?: string;
}

const contentCodes = new Set(['InvalidPurgeUrl', 'DuplicateFileHeaderName']);

/** @returns whether CDN Pro itself calls the content invalid. Other refusals may be about anything */
export function isAboutContent({ code = '' }: Failure): boolean {
  return contentCodes.has(code);
}

/**
 * @returns the entries of a request that the failure's message names: a hint, since a server may spell a URL in another
 * way than the request did
 */
export function namedEntries({ entries }: PlannedRequest, failure: Failure): readonly PlannedEntry[] {
  if (failure.code === 'DuplicateFileHeaderName') return entries.filter(({ entry }) => repeatsHeader(entry));
  const host = namedHost(failure);
  if (host !== undefined) return entries.filter(({ entry }) => hostOf(entry) === host);
  const named = /^The purge URL '(.*)' is invalid/s.exec(failure.message)?.[1];
  return named === undefined ? [] : entries.filter(({ entry }) => entryText(entry) === named);
}

/** @returns the host that the failure's message names, worded as on the purge API's page */
export function namedHost({ message }: Failure): string | undefined {
  return /^The host '([^']*)' has not been deployed/.exec(message)?.[1]?.toLowerCase();
}

/** @returns the host of an entry, in lower case */
export function hostOf(entry: PurgeEntry): string | undefined {
  return /^[a-z]+:\/\/([^/:?#]*)/i.exec(entryText(entry))?.[1]?.toLowerCase();
}

function repeatsHeader(entry: PurgeEntry): boolean {
  const headers: readonly Header[] = (entry as Partial<FileEntry>).headers ?? [];
  return new Set(headers.map(({ name }) => name.toLowerCase())).size < headers.length;
}
