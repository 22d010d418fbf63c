import { type Captures, parseTokens, type Token } from './pattern.ts';
import { encodeInPath, encodeInQuery, encodeLiteral } from './url.ts';

/** Values by variable name; a name that is missing has no value. */
export type Variables = Captures;

/** What an expansion gave: a text, or the names of the variables that had no value. */
export type Expansion =
  | { readonly kind: 'expanded'; readonly text: string }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[] };

/** A compiled template for a URL or for a regex over URLs. */
export interface Template {
  readonly source: string;
  readonly variables: readonly string[];
  expand(variables: Variables): Expansion;
}

type Part = string | { readonly name: string; readonly encode: (value: string) => string };

/**
 * Compiles a URL template. A value is encoded for the place where it stands: in the path `{name}` encodes slashes
 * and `{+name}` keeps them; in the query both encode everything. Literal parts that are encoded stay as they are.
 * @throws PatternError for a brace without its partner and for a name that is none
 */
export function compileUrlTemplate(source: string): Template {
  let inQuery = false;
  const parts = parseTokens(source).map((token): Part => {
    if (token.kind === 'literal') {
      inQuery ||= token.text.includes('?');
      return encodeLiteral(token.text);
    }
    return { name: token.name, encode: inQuery ? encodeInQuery : pathEncoder(token) };
  });
  return templateOf(source, parts);
}

/**
 * Compiles a template for `regexPatterns`: values are encoded as in a URL's path and then escaped, so that they
 * match themselves. Braces that hold no variable are the regex's own.
 * @throws PatternError for a variable's name that is none
 */
export function compileRegexTemplate(source: string): Template {
  const parts = parseTokens(source, 'literal').map((token): Part => {
    if (token.kind === 'literal') return encodeLiteral(token.text);
    const encode = pathEncoder(token);
    return { name: token.name, encode: (value) => escapeRegex(encode(value)) };
  });
  return templateOf(source, parts);
}

function pathEncoder(token: Token & { kind: 'variable' }): (value: string) => string {
  return (value) => encodeInPath(value, token.crossesSlashes);
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function templateOf(source: string, parts: readonly Part[]): Template {
  const variables = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  return {
    source,
    variables,
    expand(values) {
      const missing = variables.filter((name) => !Object.hasOwn(values, name));
      if (missing.length > 0) return { kind: 'incomplete', missing };
      const texts = parts.map((part) =>
        typeof part === 'string' ? part : part.encode(values[part.name] ?? ''),
      );
      return { kind: 'expanded', text: texts.join('') };
    },
  };
}
