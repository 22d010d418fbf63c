import { PatternError } from '../../functions/core/mapping/tokens.ts';

/** Where something is in a configuration. */
export type IssuePath = readonly (string | number)[];

/** Something that is wrong with a configuration. */
export interface ValidationIssue {
  readonly path: IssuePath;
  readonly message: string;
}

/** @returns a text, or the texts of a list, with their places; what is no text or empty is left out */
export function stringsAt(
  value: unknown,
  path: IssuePath,
): readonly { readonly text: string; readonly path: IssuePath }[] {
  if (typeof value === 'string') return value === '' ? [] : [{ text: value, path }];
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown, index) =>
    typeof item === 'string' && item !== '' ? [{ text: item, path: [...path, index] }] : [],
  );
}

/** @returns what `read` returns; undefined, with one issue more, where it finds a pattern that cannot be read */
export function readOr<Result>(
  issues: ValidationIssue[],
  path: IssuePath,
  read: () => Result,
): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    issues.push({ path, message: error.message });
    return undefined;
  }
}
