import { parseTokens, type Token } from '../../../../functions/core/mapping/patterns/tokens.ts';
import type { SlotValue, Solution } from './solve.ts';

/** A pattern whose variables are filled as far as it is known what they are. */
export type FilledPattern = readonly Token[];

/** @returns the pattern with what its variables have to be */
export function fillPattern(source: string, values: Solution): FilledPattern {
  return parseTokens(source).flatMap((token): readonly Token[] => {
    const value = token.kind === 'variable' ? values.get(token.name) : undefined;
    return value === undefined ? [token] : fillValue(value, token);
  });
}

/** @returns a value as a pattern, with a variable for what may follow it */
export function fillValue(
  { text, isOpen }: Pick<SlotValue, 'text' | 'isOpen'>,
  variable: Token = { kind: 'variable', name: 'rest', crossesSlashes: true, isOptional: false },
): FilledPattern {
  const literal = { kind: 'literal' as const, text };
  if (!isOpen) return [literal];
  return text === '' ? [variable] : [literal, variable];
}

/** @returns whether the pattern is a string without any variable */
export function isWhole(pattern: FilledPattern): boolean {
  return pattern.every(({ kind }) => kind === 'literal');
}

/** @returns the pattern as rules write it, e.g. `posts/{year}/hello.md` */
export function writePattern(pattern: FilledPattern): string {
  return pattern
    .map((token) =>
      token.kind === 'literal' ? token.text : `{${token.crossesSlashes ? '+' : ''}${token.name}}`,
    )
    .join('');
}

/** @returns a string that the pattern matches, with a sample for what may be anything */
export function sampleOf(pattern: FilledPattern, sample: string): string {
  return pattern
    .map((token) => {
      if (token.kind === 'literal') return token.text;
      return token.crossesSlashes ? sample : sample.replaceAll('/', '-');
    })
    .join('');
}
