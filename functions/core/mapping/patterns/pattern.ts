import { matchByTable } from './pattern-table.ts';
import { PatternError, parseTokens, type Token } from './tokens.ts';

/** What a match captured, by variable name. */
export type Captures = Readonly<Record<string, string>>;

/** A compiled pattern. Matching takes time linear in the string's length, whatever the pattern. */
export interface Pattern {
  readonly source: string;
  readonly tokens: readonly Token[];
  readonly variables: readonly string[];
  /** What every string that it matches begins with. */
  readonly literalPrefix: string;
  /** @returns the values of the pattern's variables, or undefined where it does not match the whole of `text` */
  match(text: string): Captures | undefined;
}

/**
 * Compiles a pattern. Where a string can be split in several ways, an earlier variable takes as much as it can.
 * @throws PatternError as {@link parseTokens}, and for a variable that is named twice or follows another directly
 */
export function compilePattern(source: string): Pattern {
  const tokens = parseTokens(source);
  const variables = tokens.flatMap((token) => (token.kind === 'variable' ? [token.name] : []));
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice !== undefined) throw new PatternError(`"{${twice}}" is used twice in "${source}"`);
  const list = tokens.find((token) => token.kind === 'variable' && token.name.includes('*'));
  if (list !== undefined) throw new PatternError(`"*" in a variable of "${source}" is for templates only`);
  const optional = tokens.find((token) => token.kind === 'variable' && token.isOptional);
  if (optional !== undefined)
    throw new PatternError(`"?" in a variable of "${source}" is for templates only`);
  const adjacent = tokens.find(
    (token, index) => token.kind === 'variable' && tokens[index + 1]?.kind === 'variable',
  );
  if (adjacent !== undefined) {
    throw new PatternError(`two variables are adjacent in "${source}": expected text between them`);
  }
  return { source, tokens, variables, literalPrefix: prefixOf(tokens), match: matcherOf(tokens, variables) };
}

function prefixOf([first]: readonly Token[]): string {
  return first?.kind === 'literal' ? first.text : '';
}

type Variable = Token & { readonly kind: 'variable' };

/**
 * The certain ends of a pattern need no search. From the left, `{name}` before a literal that begins with a
 * slash ends at the first slash; from the right, `{name}` after a literal that ends with a slash begins after the
 * last one. That is all of nearly every pattern; only what is left in the middle goes to the table.
 */
function matcherOf(tokens: readonly Token[], variables: readonly string[]): Pattern['match'] {
  const [only, next] = tokens;
  if (tokens.length === 1 && only?.kind === 'literal') return (text) => (text === only.text ? {} : undefined);
  if (only?.kind === 'literal' && next?.kind === 'variable' && tokens.length <= 3) {
    const last = tokens[2];
    return matchAffixes(only.text, next, last?.kind === 'literal' ? last.text : '');
  }
  const trimmed = trimCertainEnds(tokens);
  return (text) => matchTrimmed(trimmed, variables, text);
}

/** One variable between two literals: the shape of most patterns. */
function matchAffixes(prefix: string, { name, crossesSlashes }: Variable, suffix: string): Pattern['match'] {
  const least = prefix.length + suffix.length + 1;
  return (text) => {
    if (text.length < least || !text.startsWith(prefix) || !text.endsWith(suffix)) return undefined;
    const value = text.slice(prefix.length, text.length - suffix.length);
    return crossesSlashes || !value.includes('/') ? { [name]: value } : undefined;
  };
}

interface TrimmedPattern {
  /** Literals and variables by turns, certain from the left. */
  readonly left: readonly Token[];
  readonly middle: readonly Token[];
  /** Certain from the right, the last first. */
  readonly right: readonly Token[];
}

function trimCertainEnds(tokens: readonly Token[]): TrimmedPattern {
  let start = 0;
  let end = tokens.length;
  const at = (index: number) => (index >= start && index < end ? tokens[index] : undefined);
  const isLiteral = (token: Token | undefined, test: (text: string) => boolean) =>
    token?.kind === 'literal' && test(token.text);
  const isCertain = (token: Token | undefined, neighbour: Token | undefined, slash: (t: string) => boolean) =>
    token?.kind === 'literal' ||
    (token?.kind === 'variable' && !token.crossesSlashes && isLiteral(neighbour, slash));
  while (start < end && isCertain(at(start), at(start + 1), (text) => text.startsWith('/'))) start++;
  while (end > start && isCertain(at(end - 1), at(end - 2), (text) => text.endsWith('/'))) end--;
  return {
    left: tokens.slice(0, start),
    middle: tokens.slice(start, end),
    right: tokens.slice(end).reverse(),
  };
}

function matchTrimmed(
  { left, middle, right }: TrimmedPattern,
  variables: readonly string[],
  text: string,
): Captures | undefined {
  // Where each variable's value begins and ends, in the order of the pattern.
  const spans: number[] = new Array(2 * variables.length).fill(0);
  let filled = 0;
  let start = 0;
  for (const token of left) {
    if (token.kind === 'literal') {
      if (!text.startsWith(token.text, start)) return undefined;
      start += token.text.length;
      continue;
    }
    const slash = text.indexOf('/', start);
    if (slash <= start) return undefined;
    spans[filled++] = start;
    spans[filled++] = slash;
    start = slash;
  }
  let end = text.length;
  let last = spans.length;
  for (const token of right) {
    if (token.kind === 'literal') {
      if (end - token.text.length < start || !text.endsWith(token.text, end)) return undefined;
      end -= token.text.length;
      continue;
    }
    const begin = text.lastIndexOf('/', end - 1) + 1;
    if (begin >= end || begin < start) return undefined;
    spans[--last] = end;
    spans[--last] = begin;
    end = begin;
  }
  if (!fillMiddle(middle, text, start, end, spans, filled)) return undefined;
  const captures: Record<string, string> = {};
  variables.forEach((name, index) => {
    captures[name] = text.slice(spans[2 * index], spans[2 * index + 1]);
  });
  return captures;
}

/** Matches what is between `start` and `end` against the tokens in the middle, and notes where their values are. */
function fillMiddle(
  middle: readonly Token[],
  text: string,
  start: number,
  end: number,
  spans: number[],
  filled: number,
): boolean {
  const [only] = middle;
  if (only === undefined) return start === end;
  if (middle.length > 1) return matchByTable(middle, text.slice(start, end), start, spans, filled);
  if (only.kind === 'literal' || start >= end) return false;
  if (!only.crossesSlashes) {
    const slash = text.indexOf('/', start);
    if (slash !== -1 && slash < end) return false;
  }
  spans[filled] = start;
  spans[filled + 1] = end;
  return true;
}
