import { escapeRegex } from '../urls/regex-pattern.ts';
import {
  encodeAsComponent,
  encodeInPath,
  encodeInQuery,
  encodeLiteral,
  encodeWholeUrl,
  normalizeOrigin,
} from '../urls/url.ts';
import type { Captures } from './pattern.ts';
import { parseTokens, type Token } from './tokens.ts';

/** Values by variable name; a name that is missing has no value. */
export type Variables = Captures;

/** What an expansion gives: one result, several for a template over a list, or the variables without a value. */
export type Expansion =
  | { readonly kind: 'expanded'; readonly results: readonly string[] }
  | { readonly kind: 'incomplete'; readonly missing: readonly string[] };

/** A compiled template. */
export interface Template {
  readonly source: string;
  readonly variables: readonly string[];
  /** What it gives with a plain value for each variable: what is wrong with this is wrong whatever the values. */
  readonly sample: string;
  /** Whether a value can make the syntax wrong: where it is in the host, or is the whole URL. */
  readonly isOpen: boolean;
  expand(variables: Variables): Expansion;
}

/**
 * How values are encoded in a path: as a browser encodes what is typed or linked plainly; the same with `%2B` for a
 * plus, since S3 reads a plain one as a space; or as `encodeURIComponent` and the SDKs that follow it, which also
 * encode `&`, `=` and the like.
 */
export type Encoding = 'browser' | 's3' | 'component';

/** How a URL template treats its values. */
export interface UrlTemplateOptions {
  readonly encoding?: Encoding;
  /** Whether a slash before a value and one at its beginning are one: so for a CMS, whose paths come either way. */
  readonly joinSlashes?: boolean;
}

type Part =
  | string
  | { readonly name: string; readonly encode: (value: string) => string; readonly sample?: string };

type Variable = Token & { readonly kind: 'variable' };

/**
 * Compiles a URL template. A value is encoded for where it is in the URL: in the path `{name}` encodes slashes
 * and `{+name}` keeps them; in the query both encode everything; in the host it is a part of the name. A template
 * that begins with `{+name}` takes the value as a whole URL. Literal parts that are encoded stay as they are.
 * @throws PatternError for a brace without its partner and for an invalid name
 */
export function compileUrlTemplate(source: string, options: UrlTemplateOptions = {}): Template {
  const tokens = parseTokens(source);
  let before = '';
  const parts = tokens.map((token, index): Part => {
    if (token.kind === 'literal') {
      before += token.text;
      return encodeLiteral(index === 0 ? normalizeBeginning(token.text, tokens[1]) : token.text);
    }
    const part = urlPart(token, before, options);
    before += 'x';
    return part;
  });
  const [first] = tokens;
  const isOpen = first?.kind === 'variable' || isHostOpen(source);
  return templateOf(source, parts, isOpen);
}

/** The first literal of a template, with its host as a browser writes it where the host ends in it. */
function normalizeBeginning(text: string, next: Token | undefined): string {
  if (/^https?:\/\/[^/?#]+[/?#]/i.test(text) || next === undefined) return normalizeOrigin(text);
  const isHost = /^https?:\/\/[^/?#]+$/i.test(text) && next.kind === 'variable' && next.crossesSlashes;
  return isHost ? normalizeOrigin(text).slice(0, -1) : text;
}

/** Whether a variable comes before the first slash of the path. */
function isHostOpen(source: string): boolean {
  const host = /^[A-Za-z]+:\/\/([^/?]*)/.exec(source)?.[1] ?? '';
  return host.includes('{');
}

/** @param before the template up to the variable, with a plain character for each variable in it */
function urlPart({ name, crossesSlashes }: Variable, before: string, options: UrlTemplateOptions): Part {
  const { encoding = 'browser', joinSlashes = false } = options;
  if (before === '') return { name, encode: encodeWholeUrl, sample: 'https://host.example/x' };
  if (before.includes('?')) return { name, encode: encodeInQuery };
  const encodePath = pathEncoders[encoding];
  const encode = (value: string) => encodePath(value, crossesSlashes);
  // Right after the host, `{+name}` is the path: it gets the slash that a value may lack.
  if (/^[A-Za-z]+:\/\/[^/]*$/.test(before)) {
    if (!crossesSlashes || before.endsWith('//')) return { name, encode: encodeInHost };
    return { name, encode: (value) => encode(value.startsWith('/') ? value : `/${value}`), sample: '/x' };
  }
  if (!joinSlashes || !before.endsWith('/')) return { name, encode };
  return { name, encode: (value) => encode(value.replace(/^\/+/, '')) };
}

/** The encoders of a path by their names. */
export const pathEncoders: Readonly<Record<Encoding, (text: string, keepSlashes: boolean) => string>> = {
  browser: encodeInPath,
  s3: (text, keepSlashes) => encodeInPath(text, keepSlashes).replaceAll('+', '%2B'),
  component: encodeAsComponent,
};

function encodeInHost(value: string): string {
  return encodeURIComponent(value.toWellFormed()).toLowerCase();
}

/**
 * Compiles a template for `regexPatterns`: values are encoded as in a URL and then escaped, so that they match
 * themselves. Braces without a variable belong to the regex.
 * @throws PatternError for an invalid variable name
 */
export function compileRegexTemplate(source: string): Template {
  let inQuery = false;
  const parts = parseTokens(source, 'literal').map((token, index): Part => {
    if (token.kind === 'literal') {
      inQuery ||= token.text.includes('\\?');
      return encodeLiteral(index === 0 ? lowerOrigin(token.text) : token.text);
    }
    const { name, crossesSlashes } = token;
    const encode = inQuery ? encodeInQuery : (value: string) => encodeInPath(value, crossesSlashes);
    return { name, encode: (value) => escapeRegex(encode(value)) };
  });
  return templateOf(source, parts, true);
}

function lowerOrigin(text: string): string {
  return text.replace(/^[A-Za-z]+:\/\/[^/]*/, (origin) => origin.toLowerCase());
}

/**
 * Compiles a template whose values stay as they are, e.g. for a header's value.
 * @throws PatternError as {@link compileUrlTemplate}
 */
export function compilePlainTemplate(source: string): Template {
  const parts = parseTokens(source).map((token): Part => {
    return token.kind === 'literal' ? token.text : { name: token.name, encode: (value) => value };
  });
  return templateOf(source, parts, true);
}

function templateOf(source: string, parts: readonly Part[], isOpen: boolean): Template {
  const variables = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  const list = variables.find((name) => name.includes('*'));
  const sample = parts.map((part) => (typeof part === 'string' ? part : (part.sample ?? 'x'))).join('');
  const expand: Template['expand'] =
    list === undefined
      ? (values) => expandOnce(parts, values)
      : (values) => expandList(parts, list, itemsOf(values, list), values);
  return { source, variables, sample, isOpen, expand };
}

function expandOnce(parts: readonly Part[], values: Variables): Expansion {
  let result = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    const value = Object.hasOwn(values, part.name) ? values[part.name] : undefined;
    if (value === undefined) return { kind: 'incomplete', missing: missingOf(parts, values) };
    result += part.encode(value);
  }
  return { kind: 'expanded', results: [result] };
}

function missingOf(parts: readonly Part[], values: Variables): readonly string[] {
  return parts.flatMap((part) =>
    typeof part === 'string' || Object.hasOwn(values, part.name) ? [] : [part.name],
  );
}

function expandList(
  parts: readonly Part[],
  list: string,
  items: readonly string[],
  values: Variables,
): Expansion {
  if (items.length === 0) return { kind: 'incomplete', missing: missingOf(parts, values) };
  const results: string[] = [];
  for (const item of items) {
    const expansion = expandOnce(parts, { ...values, [list]: item });
    if (expansion.kind === 'incomplete') return expansion;
    results.push(...expansion.results);
  }
  return { kind: 'expanded', results };
}

/** More than any source hands over of one list. */
const maxItems = 100;

/** The values of `fields.tags.*`: `fields.tags.0`, `fields.tags.1`, …, or `fields.tags` alone. */
function itemsOf(values: Variables, list: string): readonly string[] {
  const [prefix = '', suffix = ''] = list.split('*');
  const names = Array.from({ length: maxItems }, (_, index) => `${prefix}${index}${suffix}`);
  const found = names.flatMap((name) => (Object.hasOwn(values, name) ? [values[name] ?? ''] : []));
  if (found.length > 0 || suffix !== '') return found;
  const alone = prefix.slice(0, -1);
  return Object.hasOwn(values, alone) ? [values[alone] ?? ''] : [];
}
