import type { Limits, LimitsState, TokenUnit } from '../../../functions/core/limits/limits.ts';
import { priceOf } from '../../../functions/core/limits/price.ts';
import { noTokens, plus, type Tokens } from '../../../functions/core/limits/tokens/quota.ts';
import { escapeRegex, regexPatternProblem } from '../../../functions/core/mapping/urls/regex-pattern.ts';
import {
  dirUrlProblem,
  encodeLiteral,
  fileUrlProblem,
  normalizeOrigin,
} from '../../../functions/core/mapping/urls/url.ts';
import { describeValue } from '../../../functions/core/model/errors.ts';
import type { PurgeEntry, Scope } from '../../../functions/core/model/types.ts';
import { filesPerRequest, requestsToSpare } from '../../../functions/core/planning/files-per-request.ts';
import { packRequests } from '../../../functions/core/planning/pack.ts';
import { fewestEntries, type Planning, withoutDuplicates } from '../../../functions/core/planning/plan.ts';
import { fixedPart } from '../../../functions/core/planning/wildcard.ts';

/** What was asked for by hand: what can be purged, and what CDN Pro would refuse. */
export interface PurgeByHand {
  readonly entries: readonly PurgeEntry[];
  readonly problems: readonly UrlProblem[];
}

/** A URL or pattern that CDN Pro would refuse. */
export interface UrlProblem {
  readonly url: string;
  readonly reason: string;
}

/**
 * Reads URLs and patterns by their form: what begins with `any://` or `regex:` is a regular expression, what has a `*` a
 * directory, all else a file. Each is kept once.
 */
export function readUrls(urls: readonly string[], scope: Scope): PurgeByHand {
  const entries: PurgeEntry[] = [];
  const problems: UrlProblem[] = [];
  for (const url of new Set(urls)) {
    const entry = entryOf(url, scope);
    const reason = problemOf(entry);
    if (reason === undefined) entries.push(entry);
    else problems.push({ url, reason });
  }
  return { entries, problems };
}

/** @returns what is wrong with a URL, which it names once */
export function describeProblem({ url, reason }: UrlProblem): string {
  const value = describeValue(url);
  return reason.includes(`got ${value}`) ? reason : `${value}: ${reason}`;
}

function entryOf(url: string, scope: Scope): PurgeEntry {
  const pattern = url.startsWith('any://') ? url : /^regex:(.*)$/s.exec(url)?.[1];
  if (pattern !== undefined) return { kind: 'regex', pattern, ...scope };
  const encoded = normalizeOrigin(encodeLiteral(url));
  return { kind: url.includes('*') ? 'dir' : 'file', url: encoded, ...scope };
}

function problemOf(entry: PurgeEntry): string | undefined {
  if (entry.kind === 'regex') return regexPatternProblem(entry.pattern);
  const { kind, url } = entry;
  const hint = 'a regular expression begins with any:// or regex:';
  // As a directory it would purge the names that begin with a dot.
  if (/\/\.[*+]/.test(url)) return `expected "*" alone for any name: ${hint}`;
  const reason = kind === 'dir' ? dirUrlProblem(url) : fileUrlProblem(url);
  return reason === undefined || !/[\\^[\]{}|]/.test(url) ? reason : `${reason}; ${hint}`;
}

/** @returns the entries that may purge a whole host: a wildcard at its root, or a pattern that begins with one */
export function wholeHosts(entries: readonly PurgeEntry[]): readonly string[] {
  return entries.flatMap((entry) => {
    if (entry.kind === 'regex') return isLiteralAtRoot(entry.pattern) ? [] : [entry.pattern];
    const isRoot = entry.kind === 'dir' && /^https?:\/\/[^/]+\/?$/.test(fixedPart(entry.url));
    return isRoot ? [entry.url] : [];
  });
}

/**
 * @param hosts those of the purger's rules, with `*` for what only a change gives
 * @returns the hosts of the URLs that no rule names, and that CDN Pro may not serve at all
 */
export function unknownHosts(entries: readonly PurgeEntry[], hosts: readonly string[]): readonly string[] {
  const isKnown = (host: string) => hosts.some((known) => matchesHost(host, known));
  const own = entries.flatMap((entry) =>
    entry.kind === 'regex' ? (literalHostOf(entry.pattern) ?? []) : new URL(entry.url).hostname,
  );
  return [...new Set(own)].filter((host) => !isKnown(host));
}

function matchesHost(host: string, known: string): boolean {
  return new RegExp(`^${known.split('*').map(escapeRegex).join('.*')}$`).test(host);
}

/** @returns the host of a regular expression; undefined where it is a pattern itself */
function literalHostOf(pattern: string): string | undefined {
  const [, host = ''] = /^[a-z]+:\/\/([^/]*)/.exec(pattern) ?? [];
  return /^[a-z0-9.-]+$/i.test(host) ? host.toLowerCase() : undefined;
}

/** Whether a pattern's first two characters after the root are themselves: the second may make the first optional. */
function isLiteralAtRoot(pattern: string): boolean {
  return /^[a-z]+:\/\/[^/]+\/[\w~%=&,;:@!-][\w~%=&,;:@!/-]/.test(pattern) && !pattern.includes('|');
}

/** What a purge costs. */
export interface Cost {
  readonly tokens: Tokens;
  readonly requests: number;
}

/** @returns what the entries cost, planned as `submit` does it */
export function costOf(
  entries: readonly PurgeEntry[],
  { limits, planning }: { readonly limits: Limits; readonly planning: Planning },
  state: LimitsState,
  nowMs: number,
): Cost {
  const fewest = fewestEntries(withoutDuplicates([entries]), planning);
  const files = fewest.filter(({ entry }) => entry.kind === 'file').length;
  const toSpare = requestsToSpare(state, limits, nowMs);
  const maxFileUrls = filesPerRequest(files, toSpare, planning.maxFileUrls);
  const requests = packRequests(fewest, { ...planning, maxFileUrls });
  const price = (unit: TokenUnit) =>
    requests.map(({ entries }) =>
      priceOf(
        entries.map(({ entry }) => entry),
        unit,
      ),
    );
  return { tokens: price(limits.tokenUnit).reduce(plus, noTokens), requests: requests.length };
}
