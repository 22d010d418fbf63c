/**
 * A `*` that a value holds, in a URL that is being made: only a template may write a wildcard. It is a character that
 * every encoder escapes, so that neither a value nor a template can bring it along.
 */
export const literalStar = '\ue000';

/** @returns an encoded value with its stars marked as literal */
export function markStars(encoded: string): string {
  return encoded.replaceAll('*', literalStar);
}

/** @returns a URL, or words about it, as people write it */
export function unmarkStars(marked: string): string {
  return marked.replaceAll(literalStar, '*');
}
