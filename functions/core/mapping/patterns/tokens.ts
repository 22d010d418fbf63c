import { PurgerError } from '../../model/errors.ts';

/**
 * Patterns and templates share one syntax, after RFC 6570: `{name}` is a value without slashes, `{+name}` one that may
 * hold slashes. Neither is empty. In a template, `{name?}` is one that a change may lack.
 */
export type Token =
  | { readonly kind: 'literal'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly crossesSlashes: boolean;
      readonly isOptional: boolean;
    };

/** A pattern or template that cannot be read; the message says where and why. */
export class PatternError extends PurgerError {
  override readonly name = 'PatternError';
}

const variableSyntax = /^(\+?)([A-Za-z][A-Za-z0-9_-]*(?:\.(?:[A-Za-z0-9_-]+|\*))*)(\??)$/;

/**
 * Splits a pattern or template into its literal and variable parts.
 * @param otherBraces what braces without a variable are: an error, or literal (a regex's quantifiers)
 * @throws PatternError for a brace without its partner and for an invalid name
 */
export function parseTokens(source: string, otherBraces: 'error' | 'literal' = 'error'): readonly Token[] {
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
  const [, plus, name, mark] = variableSyntax.exec(text) ?? [];
  if (name === undefined) {
    throw new PatternError(`"{${text}}" in "${source}" is not a variable: expected {name} or {+name}`);
  }
  return { kind: 'variable', name, crossesSlashes: plus === '+', isOptional: mark === '?' };
}
