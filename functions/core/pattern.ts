import { PurgerError } from './errors.ts';

/**
 * Patterns and templates share one syntax, after RFC 6570: `{name}` stands for one path segment's worth of text,
 * `{+name}` for text that may hold slashes. Either stands for at least one character.
 */
export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string; readonly crossesSlashes: boolean };

/** What a match captured, by variable name. */
export type Captures = Readonly<Record<string, string>>;

/** A compiled pattern. Matching takes time linear in the text's length, whatever the pattern. */
export interface Pattern {
  readonly source: string;
  readonly variables: readonly string[];
  /** What the pattern's variables stand for in `text`, or undefined where the whole text does not fit. */
  match(text: string): Captures | undefined;
}

/** A pattern or template that cannot be read; the message says where and why. */
export class PatternError extends PurgerError {
  override readonly name = 'PatternError';
}

const variableSyntax = /^(\+?)([A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*)$/;

/**
 * Splits a pattern or template into its literal and variable parts.
 * @param otherBraces what braces that hold no variable are: an error, or literal text (a regex's quantifiers)
 * @throws PatternError for a brace without its partner and for a name that is none
 */
export function parseTokens(
  source: string,
  otherBraces: 'refused' | 'literal' = 'refused',
): readonly Token[] {
  if (otherBraces === 'literal') return parseLenient(source);
  const tokens: Token[] = [];
  let position = 0;
  while (position < source.length) {
    const open = source.indexOf('{', position);
    const literal = source.slice(position, open === -1 ? undefined : open);
    if (literal.includes('}')) throw new PatternError(`"}" without "{" before it in "${source}"`);
    if (literal !== '') tokens.push({ kind: 'literal', text: literal });
    if (open === -1) break;
    const close = source.indexOf('}', open);
    if (close === -1) throw new PatternError(`"{" without "}" after it in "${source}"`);
    tokens.push(parseVariable(source.slice(open + 1, close), source));
    position = close + 1;
  }
  return tokens;
}

function parseLenient(source: string): readonly Token[] {
  return source.split(/(\{\+?[A-Za-z][^{}]*\})/).flatMap((part, index): Token[] => {
    if (index % 2 === 1) return [parseVariable(part.slice(1, -1), source)];
    return part === '' ? [] : [{ kind: 'literal', text: part }];
  });
}

function parseVariable(text: string, source: string): Token {
  const [, plus, name] = variableSyntax.exec(text) ?? [];
  if (name === undefined) {
    throw new PatternError(`"{${text}}" in "${source}" is no variable: expected {name} or {+name}`);
  }
  return { kind: 'variable', name, crossesSlashes: plus === '+' };
}

/**
 * Compiles a pattern. Where several splits of a text fit, an earlier variable takes as much as it can.
 * @throws PatternError as {@link parseTokens}, and for a variable that is named twice or follows another directly
 */
export function compilePattern(source: string): Pattern {
  const tokens = parseTokens(source);
  const variables = tokens.flatMap((token) => (token.kind === 'variable' ? [token.name] : []));
  const twice = variables.find((name, index) => variables.indexOf(name) !== index);
  if (twice !== undefined) throw new PatternError(`"{${twice}}" stands twice in "${source}"`);
  const adjacent = tokens.find(
    (token, index) => token.kind === 'variable' && tokens[index + 1]?.kind === 'variable',
  );
  if (adjacent !== undefined) {
    throw new PatternError(`two variables stand side by side in "${source}": expected text between them`);
  }
  const match = isUnambiguous(tokens) ? matchByRegExp(tokens, variables) : matchByTable(tokens);
  return { source, variables, match };
}

/**
 * Whether a backtracking RegExp is linear for these tokens: every variable but one ends at the first slash or at
 * the end of the text, so that there is nothing to try twice.
 */
function isUnambiguous(tokens: readonly Token[]): boolean {
  const free = tokens.filter((token, index) => {
    if (token.kind === 'literal') return false;
    const next = tokens[index + 1];
    return token.crossesSlashes || (next?.kind === 'literal' && !next.text.startsWith('/'));
  });
  return free.length <= 1;
}

function matchByRegExp(tokens: readonly Token[], variables: readonly string[]): Pattern['match'] {
  const source = tokens.map((token) => {
    if (token.kind === 'literal') return token.text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return token.crossesSlashes ? '([\\s\\S]+)' : '([^/]+)';
  });
  const regExp = new RegExp(`^${source.join('')}$`);
  return (text) => {
    const found = regExp.exec(text);
    if (found === null) return undefined;
    return Object.fromEntries(variables.map((name, index) => [name, found[index + 1] ?? '']));
  };
}

/** Matches by a table of what can still fit: one bit for each token and position, filled from the end. */
function matchByTable(tokens: readonly Token[]): Pattern['match'] {
  return (text) => {
    const width = text.length + 1;
    const fits = new Uint8Array((tokens.length + 1) * width);
    fits[tokens.length * width + text.length] = 1;
    for (let index = tokens.length - 1; index >= 0; index--) fillRow(fits, width, index, tokens[index], text);
    return fits[0] === 1 ? readCaptures(fits, width, tokens, text) : undefined;
  };
}

function fillRow(
  fits: Uint8Array,
  width: number,
  index: number,
  token: Token | undefined,
  text: string,
): void {
  const row = index * width;
  const next = row + width;
  if (token?.kind === 'literal') {
    for (let at = text.length - token.text.length; at >= 0; at--) {
      if (fits[next + at + token.text.length] === 1 && text.startsWith(token.text, at)) fits[row + at] = 1;
    }
    return;
  }
  let reachable = 0;
  for (let at = text.length - 1; at >= 0; at--) {
    if (!token?.crossesSlashes && text[at] === '/') reachable = 0;
    else if (fits[next + at + 1] === 1) reachable = 1;
    fits[row + at] = reachable;
  }
}

function readCaptures(fits: Uint8Array, width: number, tokens: readonly Token[], text: string): Captures {
  const captures: Record<string, string> = {};
  let at = 0;
  tokens.forEach((token, index) => {
    if (token.kind === 'literal') {
      at += token.text.length;
      return;
    }
    let end = text.length;
    if (!token.crossesSlashes) {
      const slash = text.indexOf('/', at);
      if (slash !== -1) end = slash;
    }
    while (fits[(index + 1) * width + end] !== 1) end--;
    captures[token.name] = text.slice(at, end);
    at = end;
  });
  return captures;
}
