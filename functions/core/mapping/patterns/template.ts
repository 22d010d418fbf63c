import { type Encoding, pathEncoders } from '../urls/encodings.ts';
import { escapeRegex } from '../urls/regex-pattern.ts';
import { encodeInHost, encodeInQuery, encodeLiteral, encodeWholeUrl, normalizeOrigin } from '../urls/url.ts';
import type { Captures } from './pattern.ts';
import { parseTokens, type Token } from './tokens.ts';

/** Values by variable name; a name that is missing has no value. */
export type Variables = Captures;

/** What an expansion gives: one result, or several for a template over a list. */
export type Expansion = { readonly kind: 'expanded'; readonly results: readonly string[] } | Gap;

/**
 * Why a template has no expansion: variables without a value, all of which may lack one (`omitted`) or not, or one whose
 * value names nothing next to a wildcard.
 */
export type Gap =
  | { readonly kind: 'incomplete' | 'omitted'; readonly missing: readonly string[] }
  | { readonly kind: 'empty'; readonly name: string };

/** A compiled template. */
export interface Template {
  readonly source: string;
  readonly variables: readonly string[];
  /** What it gives with a plain value for each variable: what is wrong with this is wrong whatever the values. */
  readonly sample: string;
  /** Whether a value decides the host, and can make the syntax wrong: where it is in the host, or is the whole URL. */
  readonly isHostOpen: boolean;
  expand(variables: Variables): Expansion;
}

/** How a URL template treats its values. */
export interface UrlTemplateOptions {
  readonly encoding?: Encoding;
  /** Whether a slash before a value and one at its beginning are one: so for a CMS, whose paths come either way. */
  readonly joinSlashes?: boolean;
}

interface ValuePart {
  readonly name: string;
  readonly encode: (value: string) => string;
  /** @default 'x' */
  readonly sample?: string;
  /** Whether the value is in the host, or is the whole URL. */
  readonly decidesHost?: true;
  /** Whether a change may lack it: a list may be empty, and `{name?}` says so. */
  readonly mayLack: boolean;
  /** Whether the value must name something, since a wildcard of the template would reach further without it. */
  readonly isNeeded?: boolean;
}

type Part = string | ValuePart;

type Variable = Token & { readonly kind: 'variable' };

/** Where a value is in a URL. */
interface Position {
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
  const tokens = parseTokens(source);
  const hasWildcard = hasStarInPath(tokens);
  let before = '';
  const parts = tokens.map((token, index): Part => {
    if (token.kind === 'literal') {
      before += token.text;
      return encodeLiteral(index === 0 ? normalizeBeginning(token.text, tokens[1]) : token.text);
    }
    const isInQuery = before.includes('?');
    const part = urlPart(token, { before, isInQuery }, options);
    before += part.sample ?? 'x';
    return { ...part, mayLack: mayLack(token), isNeeded: hasWildcard && !isInQuery };
  });
  return templateOf(source, parts);
}

function mayLack({ name, isOptional }: Variable): boolean {
  return isOptional || name.includes('*');
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

function urlPart(
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

/**
 * Compiles a template for `regexPatterns`: values are encoded as in a URL and then escaped, so that they match
 * themselves. Braces without a variable belong to the regex.
 * @throws PatternError for an invalid variable name
 */
export function compileRegexTemplate(source: string, options: UrlTemplateOptions = {}): Template {
  const tokens = parseTokens(source, 'literal');
  let before = '';
  const parts = tokens.map((token, index): Part => {
    if (token.kind === 'literal') {
      before += token.text;
      return encodeLiteral(index === 0 ? normalizeRegexOrigin(token.text, tokens[1]) : token.text);
    }
    // A whole URL as a value is not a pattern; without an origin it is refused at synth.
    const position = { before: before === '' ? '/' : before, isInQuery: before.includes('\\?') };
    const part = urlPart(token, position, options);
    before += part.sample ?? 'x';
    if (part.decidesHost) return { ...part, mayLack: mayLack(token) };
    const rest = tokens.slice(index + 1).map((each) => (each.kind === 'literal' ? each.text : 'x'));
    return {
      ...part,
      encode: (value) => escapeRegex(part.encode(value)),
      mayLack: mayLack(token),
      isNeeded: !endsPath.test(rest.join('')),
    };
  });
  return templateOf(source, parts);
}

/** What may follow a value that names nothing: the end, or a query. CDN Pro leaves a pattern's end open without `$`. */
const endsPath = /^(?:\$$|\\\?|\((?:\?:)?\\\?[^()]*\)\?\$$)/;

/** The host of a regex, where it is whole. A path is not added: without one, the regex would match all of the host. */
function normalizeRegexOrigin(text: string, next: Token | undefined): string {
  const [origin] = /^(?:https?|any):\/\/[^/\\?#]+/i.exec(text) ?? [];
  if (origin === undefined) return text;
  const rest = text.slice(origin.length);
  const isWhole = rest.startsWith('/') || (rest === '' && next?.kind === 'variable' && next.crossesSlashes);
  return isWhole ? normalizeOrigin(origin).slice(0, -1) + rest : text;
}

/**
 * Compiles a template whose values stay as they are, e.g. for a header's value.
 * @throws PatternError as {@link compileUrlTemplate}
 */
export function compilePlainTemplate(source: string): Template {
  const parts = parseTokens(source).map((token): Part => {
    if (token.kind === 'literal') return token.text;
    return { name: token.name, encode: (value) => value, mayLack: mayLack(token) };
  });
  return templateOf(source, parts);
}

function templateOf(source: string, parts: readonly Part[]): Template {
  const variables = parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name]));
  const list = variables.find((name) => name.includes('*'));
  const sample = parts.map((part) => (typeof part === 'string' ? part : (part.sample ?? 'x'))).join('');
  const expand: Template['expand'] =
    list === undefined
      ? (values) => expandOnce(parts, values)
      : (values) => expandList(parts, list, itemsOf(values, list), values);
  const isHostOpen = parts.some((part) => typeof part !== 'string' && part.decidesHost === true);
  if (!isHostOpen) return { source, variables, sample, isHostOpen, expand };
  return {
    source,
    variables,
    sample: normalizeHost(sample),
    isHostOpen,
    expand(values) {
      const expansion = expand(values);
      if (expansion.kind !== 'expanded') return expansion;
      return { kind: 'expanded', results: expansion.results.map(normalizeHost) };
    },
  };
}

/** A host is known as a whole only once its values are in it: in other scripts it becomes ASCII label by label. */
function normalizeHost(url: string): string {
  return /^[a-z]+:\/\/[^/?#]+\//i.test(url) ? normalizeOrigin(url) : url;
}

function expandOnce(parts: readonly Part[], values: Variables): Expansion {
  let result = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      result += part;
      continue;
    }
    const value = Object.hasOwn(values, part.name) ? values[part.name] : undefined;
    if (value === undefined) return gapOf(parts, values);
    const encoded = part.encode(value);
    if (part.isNeeded && namesNothing.test(encoded)) return { kind: 'empty', name: part.name };
    result += encoded;
  }
  return { kind: 'expanded', results: [result] };
}

/** Slashes alone, with or without an origin. */
const namesNothing = /^(?:https?:\/\/[^/]*)?\/*$/;

function gapOf(parts: readonly Part[], values: Variables): Gap {
  const missing = parts.flatMap((part) =>
    typeof part === 'string' || Object.hasOwn(values, part.name) ? [] : [part],
  );
  const kind = missing.every((part) => part.mayLack) ? 'omitted' : 'incomplete';
  return { kind, missing: missing.map(({ name }) => name) };
}

function expandList(
  parts: readonly Part[],
  list: string,
  items: readonly string[],
  values: Variables,
): Expansion {
  if (items.length === 0) return gapOf(parts, values);
  const results: string[] = [];
  for (const item of items) {
    const expansion = expandOnce(parts, { ...values, [list]: item });
    if (expansion.kind !== 'expanded') return expansion;
    results.push(...expansion.results);
  }
  return { kind: 'expanded', results };
}

/** @returns in words why a template has no expansion */
export function describeGap(gap: Gap): string {
  if (gap.kind === 'empty') return `{${gap.name}} is empty, and a wildcard would reach further without it`;
  return `the change has no ${gap.missing.map((name) => `{${name}}`).join(', ')}`;
}

/** The values of `fields.tags.*`: `fields.tags.0`, `fields.tags.1`, …, or `fields.tags` alone. */
function itemsOf(values: Variables, list: string): readonly string[] {
  const [prefix = '', suffix = ''] = list.split('*');
  const isItem = (name: string) =>
    name.startsWith(prefix) &&
    name.endsWith(suffix) &&
    /^\d+$/.test(name.slice(prefix.length, name.length - suffix.length));
  // Fields are in the order of the payload, and so are the items of a list.
  const found = Object.keys(values).flatMap((name) => (isItem(name) ? [values[name] ?? ''] : []));
  if (found.length > 0 || suffix !== '') return found;
  const alone = prefix.slice(0, -1);
  return Object.hasOwn(values, alone) ? [values[alone] ?? ''] : [];
}
