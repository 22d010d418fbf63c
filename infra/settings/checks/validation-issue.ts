import { PatternError } from '../../../functions/core/mapping/patterns/tokens.ts';

/** Where something is in a configuration. */
export type IssuePath = readonly (string | number)[];

/** Something that is wrong with a configuration. */
export interface ValidationIssue {
  readonly path: IssuePath;
  readonly message: string;
}

/** A string of a configuration, with its path. */
export interface StringAt {
  readonly value: string;
  readonly path: IssuePath;
}

/** @returns a string, or the strings of a list, with their paths; empty ones and other values are left out */
export function stringsAt(given: unknown, path: IssuePath): readonly StringAt[] {
  if (typeof given === 'string') return given === '' ? [] : [{ value: given, path }];
  if (!Array.isArray(given)) return [];
  return given.flatMap((item: unknown, index) =>
    typeof item === 'string' && item !== '' ? [{ value: item, path: [...path, index] }] : [],
  );
}

/** @returns what `read` returns; undefined, with an issue added, where it finds a pattern that cannot be parsed */
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
