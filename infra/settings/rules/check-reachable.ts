import { compilePattern, type Pattern } from '../../../functions/core/mapping/pattern.ts';
import { PatternError } from '../../../functions/core/mapping/tokens.ts';
import { type IssuePath, stringsAt, type ValidationIssue } from '../validation-issue.ts';
import { type StringSet, someStringIn, stringsFrom, stringsOf } from './pattern-sets.ts';

/** A pattern of a configuration, with its place. */
export interface CompiledAt {
  readonly path: IssuePath;
  readonly pattern: Pattern;
}

/** A key has at least one character. */
const anyKey = stringsOf({ tokens: [{ kind: 'variable', name: 'key', crossesSlashes: true }] });

/** What an exception leaves out: keys that begin with a prefix or fit a pattern, and what else has to hold. */
export interface ExceptionAt {
  readonly path: IssuePath;
  readonly conditions: Readonly<Record<string, unknown>>;
  /** Of its `key`, those that could be read. */
  readonly keys: readonly CompiledAt[];
}

/** Conditions on one value each, apart from the key. */
const valueNames = ['bucket', 'webhook', 'type', 'locale', 'environment'];

/**
 * Weighs a rule's exceptions against what it matches.
 * @param keys the patterns of `match.key`; undefined where there are none
 * @returns an issue for each key pattern that the exceptions leave nothing of, and for each exception without effect
 */
export function validateReachable(
  match: Readonly<Record<string, unknown>>,
  keys: readonly CompiledAt[] | undefined,
  exceptions: readonly ExceptionAt[],
): readonly ValidationIssue[] {
  const prefixes = stringsAt(match.prefix, ['match', 'prefix']).map(({ text }) => stringsFrom(text));
  const within = prefixes.length > 0 ? prefixes : [stringsFrom('')];
  const wanted = keys?.map(({ path, pattern }) => ({ path, texts: stringsOf(pattern) })) ?? [
    { path: ['match'], texts: anyKey },
  ];
  const weighed = exceptions.map((exception) => ({ ...exception, reach: reachOf(match, exception) }));
  // Whatever leaves out by the key alone, or by values that every match has.
  const excluded = weighed.flatMap(({ reach }) => (reach.values === 'all' ? reach.texts : []));
  const issues: ValidationIssue[] = [];
  for (const { path, texts } of wanted) {
    if (!within.some((prefix) => someStringIn([texts, prefix]))) {
      issues.push({ path, message: 'it can never match: no such key begins with `match.prefix`' });
    } else if (!within.some((prefix) => someStringIn([texts, prefix], excluded))) {
      issues.push({ path, message: neverMatches });
    }
  }
  if (issues.length > 0) return issues;
  for (const { path, reach } of weighed) {
    if (reach.values === 'none') issues.push({ path, message: withoutEffect });
    for (const { path, texts } of reach.places) {
      const meets = wanted.some((each) => within.some((prefix) => someStringIn([each.texts, prefix, texts])));
      if (!meets) issues.push({ path, message: withoutEffect });
    }
  }
  return issues;
}

const neverMatches = 'it can never match: `except` leaves out every such change';
const withoutEffect = 'it leaves nothing out: no change that the rule matches fits it';

interface Reach {
  /** Whether all, some or none of what matches has the values that the exception wants. */
  readonly values: 'all' | 'some' | 'none';
  /** The keys that it leaves out; where it names none, all. Empty where the two kinds of conditions meet in it. */
  readonly texts: readonly StringSet[];
  readonly places: readonly { readonly path: IssuePath; readonly texts: StringSet }[];
}

function reachOf(match: Readonly<Record<string, unknown>>, { path, conditions, keys }: ExceptionAt): Reach {
  const prefixes = stringsAt(conditions.prefix, [...path, 'prefix']);
  const places = [
    ...keys.map((key) => ({ path: key.path, texts: stringsOf(key.pattern) })),
    ...prefixes.map((prefix) => ({ path: prefix.path, texts: stringsFrom(prefix.text) })),
  ];
  const isBoth = conditions.key !== undefined && conditions.prefix !== undefined;
  const hasKeys = conditions.key !== undefined || conditions.prefix !== undefined;
  const all = hasKeys ? places.map(({ texts }) => texts) : [anyKey];
  return { values: valuesOf(match, conditions), texts: isBoth ? [] : all, places };
}

/** Compares the conditions on values: what is not known of a match may have any value. */
function valuesOf(
  match: Readonly<Record<string, unknown>>,
  conditions: ExceptionAt['conditions'],
): Reach['values'] {
  if (conditions.fields !== undefined) return 'some';
  let values: Reach['values'] = 'all';
  for (const name of valueNames) {
    const out = setsOf(conditions[name]);
    if (out === undefined) continue;
    const given = setsOf(match[name]);
    if (given === undefined) {
      values = 'some';
      continue;
    }
    if (!given.some((each) => out.some((other) => someStringIn([each, other])))) return 'none';
    if (given.some((each) => someStringIn([each], out))) values = 'some';
  }
  return values;
}

/** The texts that any of some patterns stands for; undefined where there is none that can be read. */
function setsOf(value: unknown): readonly StringSet[] | undefined {
  const texts = stringsAt(value, []);
  if (texts.length === 0) return undefined;
  try {
    return texts.map(({ text }) => stringsOf(compilePattern(text)));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return undefined;
  }
}
