import type { Header, PurgeEntry, Scope } from '../../model/types.ts';
import { regexPatternProblem } from './regex-pattern.ts';
import { dirUrlProblem } from './url.ts';

/** Why a URL cannot be purged. */
export interface UrlProblem {
  readonly kind: 'problem';
  readonly reason: string;
}

/** What purges a URL, or why nothing does. */
export type UrlEntry = PurgeEntry | UrlProblem;

/** @returns that a URL cannot be purged */
export function urlProblem(reason: string): UrlProblem {
  return { kind: 'problem', reason };
}

/** @returns the entry for a file URL that was checked. Written out, since this runs for nearly every change */
export function fileEntry(url: string, { target, action, webhook }: Scope): PurgeEntry {
  if (webhook !== undefined) return { kind: 'file', url, target, action, webhook };
  return { kind: 'file', url, target, action };
}

/** @returns the entry for the version of a file that has these headers */
export function versionEntry(url: string, headers: readonly Header[], scope: Scope): PurgeEntry {
  return headers.length === 0 ? fileEntry(url, scope) : { kind: 'file', url, headers, ...scope };
}

/** @returns the entry for a directory URL, or why CDN Pro would refuse it */
export function dirEntry(url: string, scope: Scope): UrlEntry {
  const reason = dirUrlProblem(url);
  return reason === undefined ? { kind: 'dir', url, ...scope } : urlProblem(reason);
}

/** @returns the entry for a regular expression, or why CDN Pro would refuse it */
export function regexEntry(pattern: string, scope: Scope): UrlEntry {
  const reason = regexPatternProblem(pattern);
  return reason === undefined ? { kind: 'regex', pattern, ...scope } : urlProblem(reason);
}
