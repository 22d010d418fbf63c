import { randomUUID } from 'node:crypto';
import type { Answer } from '../core/proving/judge.ts';

/**
 * @returns a URL of the same directory, kind and query that has never existed, so that no cache has it; undefined for the
 *   root of a host, next to which there is none
 */
export function missingNextTo(url: URL): URL | undefined {
  const [, directory, extension = '', slash] = /^(.*\/)[^/]+?(\.[^./]+)?(\/?)$/.exec(url.pathname) ?? [];
  if (directory === undefined) return undefined;
  const missing = new URL(url);
  missing.pathname = `${directory}${randomUUID()}${extension}${slash}`;
  return missing;
}

/** Why nobody can tell of a page that is served for a deleted one. */
export const fallbackReason = 'the origin answers with a page that it has for any URL that does not exist';

/** @returns whether two URLs answer with the same page, which is certain where it has an ETag and a time */
export function isSamePage(answer: Answer, other: Answer): boolean {
  return (
    answer.status === other.status &&
    answer.etag !== undefined &&
    answer.etag === other.etag &&
    answer.lastModifiedMs !== undefined &&
    answer.lastModifiedMs === other.lastModifiedMs
  );
}
