import type { FileScope, Header, PurgeEntry, Scope } from '../../model/types.ts';
import { describeGap, type Gap } from '../patterns/template.ts';
import { exactPattern } from './exact-pattern.ts';
import { literalStar, unmarkStars } from './literal-star.ts';
import { regexPatternProblem } from './regex-pattern.ts';
import { dirUrlProblem } from './url.ts';

/** Why something cannot be purged. */
export interface UrlProblem {
  readonly kind: 'problem';
  readonly reason: string;
  /** Whether it is a URL, which stays stale: values that are missing make none, and what is refused is not the user's. */
  readonly isUrl?: true;
}

/** A URL that a change does not have, since it lacks what it may lack. */
export interface OmittedUrl {
  readonly kind: 'omitted';
  readonly reason: string;
}

/** What purges a URL, or why nothing does. */
export type UrlEntry = PurgeEntry | UrlProblem | OmittedUrl;

/** @returns that a URL cannot be purged, and stays stale */
export function urlProblem(reason: string): UrlProblem {
  return { kind: 'problem', reason: unmarkStars(reason), isUrl: true };
}

/** @returns that values make no URL, or none that is the user's */
export function noUrl(reason: string): UrlProblem {
  return { kind: 'problem', reason: unmarkStars(reason) };
}

/** @returns that a template makes no URL, and whether that is a problem */
export function gapEntry(gap: Gap, forWhat = ''): UrlProblem | OmittedUrl {
  const reason = describeGap(gap) + forWhat;
  return gap.kind === 'omitted' ? { kind: 'omitted', reason } : noUrl(reason);
}

/** @returns the entry for a file URL that was checked. Written out, since this runs for nearly every change */
export function fileEntry(url: string, { target, action, webhook, shows }: FileScope): PurgeEntry {
  if (shows !== undefined) {
    return { kind: 'file', url, target, action, ...(webhook !== undefined && { webhook }), shows };
  }
  if (webhook !== undefined) return { kind: 'file', url, target, action, webhook };
  return { kind: 'file', url, target, action };
}

/** @returns the entry for the version of a file that has these headers */
export function versionEntry(url: string, headers: readonly Header[], scope: FileScope): PurgeEntry {
  return headers.length === 0 ? fileEntry(url, scope) : { kind: 'file', url, headers, ...scope };
}

/** @returns the entry for a file in all of its versions */
export function variantsEntry(url: string, scope: FileScope): PurgeEntry {
  return { kind: 'dir', url, ...withoutShows(scope) };
}

/** @returns the entry for a directory URL, or why CDN Pro would refuse it */
export function dirEntry(url: string, scope: FileScope): UrlEntry {
  const reason = dirUrlProblem(url);
  if (reason !== undefined) return urlProblem(reason);
  return literalEntry(url, scope) ?? { kind: 'dir', url, ...withoutShows(scope) };
}

function withoutShows({ shows: _, ...scope }: FileScope): Scope {
  return scope;
}

/**
 * @returns what purges a URL with literal stars and no other, which no file URL can; undefined for a URL without them
 */
export function literalEntry(url: string, fileScope: FileScope): UrlEntry | undefined {
  if (!url.includes(literalStar)) return undefined;
  const scope = withoutShows(fileScope);
  // CDN Pro takes only the last "*" or "**" as the wildcard: where that is the template's own, the others are literal.
  if (lastStarIsTheTemplates.test(url)) return { kind: 'dir', url: unmarkStars(url), ...scope };
  const pattern = exactPattern(url);
  const reason = regexPatternProblem(pattern);
  if (reason === undefined) return { kind: 'regex', pattern, ...scope };
  return urlProblem(`a value holds "*", and the regex that purges this URL alone cannot be sent: ${reason}`);
}

const lastStarIsTheTemplates = new RegExp(`[^*${literalStar}]\\*\\*?[^*${literalStar}]*$`);

/** @returns the entry for a regular expression, or why CDN Pro would refuse it */
export function regexEntry(pattern: string, scope: Scope): UrlEntry {
  const reason = regexPatternProblem(pattern);
  return reason === undefined ? { kind: 'regex', pattern, ...scope } : urlProblem(reason);
}
