import { normalizeOrigin } from '../urls/url.ts';
import type { Captures } from './pattern.ts';
import { parseTokens, type Token } from './tokens.ts';

/** Values by variable name; a name that is missing has no value. */
export type Variables = Captures;

/** What an expansion gives: one result, or several for a template over a list. */
export type Expansion =
  | {
      readonly kind: 'expanded';
      readonly results: readonly string[];
      /** Why some items of a list have none. */
      readonly gap?: Gap;
    }
  | Gap;

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

/** A variable of a template. */
export interface ValuePart {
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

/** A literal part of a template, or a variable. */
export type Part = string | ValuePart;

/** A variable in a template's source. */
export type Variable = Token & { readonly kind: 'variable' };

/** @returns whether a change may lack a value for a variable */
export function mayLack({ name, isOptional }: Variable): boolean {
  return isOptional || name.includes('*');
}

/**
 * Compiles a template whose values stay as they are, e.g. for a header's value.
 * @throws PatternError for a brace without its partner and for an invalid name
 */
export function compilePlainTemplate(source: string): Template {
  const parts = parseTokens(source).map((token): Part => {
    if (token.kind === 'literal') return token.text;
    return { name: token.name, encode: (value) => value, mayLack: mayLack(token) };
  });
  return templateOf(source, parts);
}

/** @returns the template of these parts */
export function templateOf(source: string, parts: readonly Part[]): Template {
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
      return { ...expansion, results: expansion.results.map(normalizeHost) };
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
  // An entry may have as many values as items, and a template names few of them.
  const named = valuesNamedBy(parts, values);
  const results: string[] = [];
  let gap: Gap | undefined;
  for (const item of items) {
    const expansion = expandOnce(parts, { ...named, [list]: item });
    if (expansion.kind === 'expanded') results.push(...expansion.results);
    else gap = expansion;
  }
  if (gap === undefined) return { kind: 'expanded', results };
  return results.length === 0 ? gap : { kind: 'expanded', results, gap };
}

/** @returns the values that a template uses, in an object without a prototype */
function valuesNamedBy(parts: readonly Part[], values: Variables): Variables {
  const named: Record<string, string> = Object.create(null);
  for (const part of parts) {
    if (typeof part === 'string' || !Object.hasOwn(values, part.name)) continue;
    named[part.name] = values[part.name] ?? '';
  }
  return named;
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
