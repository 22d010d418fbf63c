import { type Encoding, pathEncoders } from '../urls/encodings.ts';
import { encodeInHost, encodeInQuery, encodeLiteral, encodeWholeUrl, normalizeOrigin } from '../urls/url.ts';
import { mayLack, type Part, type Template, templateOf, type ValuePart, type Variable } from './template.ts';
import { parseTokens, type Token } from './tokens.ts';

/** How a URL template treats its values. */
export interface UrlTemplateOptions {
  readonly encoding?: Encoding;
  /** Whether a slash before a value and one at its beginning are one: so for a CMS, whose paths come either way. */
  readonly joinSlashes?: boolean;
}

/** Where a value is in a URL. */
export interface Position {
  /** The template up to the variable, with a plain value for each variable in it. */
  readonly before: string;
  readonly isInQuery: boolean;
}

/**
 * Compiles a URL template. A value is encoded for where it is in the URL: in the path `{name}` encodes slashes
 * and `{+name}` keeps them; in the query both encode everything; in the host it is a part of the name. A template
 * that begins with `{+name}` takes the value as a whole URL. Literal parts that are encoded stay as they are.
 * A `*` is a wildcard in a literal part alone: in a value it is marked, see `literal-star.ts`.
 * @throws PatternError for a brace without its partner and for an invalid name
 */
export function compileUrlTemplate(source: string, options: UrlTemplateOptions = {}): Template {
  return templateOf(source, urlTemplateParts(source, options));
}

/**
 * @returns the parts of a URL template, as {@link compileUrlTemplate} puts them together
 * @throws PatternError for a brace without its partner and for an invalid name
 */
export function urlTemplateParts(source: string, options: UrlTemplateOptions = {}): readonly Part[] {
  const tokens = parseTokens(source);
  const hasWildcard = hasStarInPath(tokens);
  let before = '';
  return tokens.map((token, index): Part => {
    if (token.kind === 'literal') {
      before += token.text;
      return encodeLiteral(index === 0 ? normalizeBeginning(token.text, tokens[1]) : token.text);
    }
    const isInQuery = before.includes('?');
    const part = urlPart(token, { before, isInQuery }, options);
    before += part.sample ?? 'x';
    return { ...part, mayLack: mayLack(token), isNeeded: hasWildcard && !isInQuery };
  });
}

function hasStarInPath(tokens: readonly Token[]): boolean {
  const literals = tokens.map((token) => (token.kind === 'literal' ? token.text : '')).join('');
  return (literals.split('?')[0] ?? '').includes('*');
}

/** The first literal of a template, with its host as a browser writes it where the host ends in it. */
function normalizeBeginning(text: string, next: Token | undefined): string {
  if (/^https?:\/\/[^/?#]+[/?#]/i.test(text) || next === undefined) return normalizeOrigin(text);
  const isHost = /^https?:\/\/[^/?#]+$/i.test(text) && next.kind === 'variable' && next.crossesSlashes;
  return isHost ? normalizeOrigin(text).slice(0, -1) : text;
}

/** @returns how a value is encoded where it is in a URL */
export function urlPart(
  variable: Variable,
  { before, isInQuery }: Position,
  options: UrlTemplateOptions,
): Omit<ValuePart, 'mayLack' | 'isNeeded'> {
  const { name, crossesSlashes } = variable;
  const { encoding = 'browser', joinSlashes = false } = options;
  if (before === '') {
    return { name, encode: encodeWholeUrl, sample: 'https://host.example/x', decidesHost: true };
  }
  if (isInQuery) return { name, encode: encodeInQuery };
  const encodePath = pathEncoders[encoding];
  const encode = (value: string) => encodePath(value, crossesSlashes);
  // Right after the host, `{+name}` is the path: it gets the slash that a value may lack.
  if (/^[A-Za-z]+:\/\/[^/]*$/.test(before)) {
    if (!crossesSlashes || before.endsWith('//')) return { name, encode: encodeInHost, decidesHost: true };
    return { name, encode: (value) => encode(value.startsWith('/') ? value : `/${value}`), sample: '/x' };
  }
  if (!joinSlashes || !before.endsWith('/')) return { name, encode };
  return { name, encode: (value) => encode(value.replace(/^\/+/, '')) };
}
