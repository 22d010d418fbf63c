import type { MappingResult } from '../core/mapping/rule.ts';

/** A reason names so many URLs; the log has all. */
const mostNamed = 5;

/** @returns why URLs of a change are invalid; undefined where none is */
export function reasonOfInvalid({ problems }: Pick<MappingResult, 'problems'>): string | undefined {
  const invalid = problems.filter(({ isUrl }) => isUrl);
  if (invalid.length === 0) return undefined;
  const named = invalid.slice(0, mostNamed).map(({ template, reason }) => `${template}: ${reason}`);
  const more = invalid.length - named.length;
  return [...named, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
