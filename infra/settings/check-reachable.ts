import { compilePattern, type Pattern } from '../../functions/core/mapping/pattern.ts';
import { PatternError } from '../../functions/core/mapping/tokens.ts';
import { someTextIn, type TextSet, textsFrom, textsOf } from './pattern-sets.ts';
import { type Place, type RuleFault, textsAt } from './validation-issue.ts';

/** A pattern of a configuration, with its place. */
export interface CompiledAt {
  readonly path: Place;
  readonly pattern: Pattern;
}

/** A key has at least one character. */
const anyKey = textsOf({ tokens: [{ kind: 'variable', name: 'key', crossesSlashes: true }] });

/** What an exception leaves out: keys that begin with a prefix or fit a pattern, and what else has to hold. */
export interface ExceptionAt {
  readonly path: Place;
  readonly conditions: Readonly<Record<string, unknown>>;
  /** Of its `key`, those that could be read. */
  readonly keys: readonly CompiledAt[];
}

/** Conditions on one value each, apart from the key. */
const valueNames = ['bucket', 'webhook', 'type', 'locale', 'environment'];

/**
 * Weighs a rule's exceptions against what it matches.
 * @param keys the patterns of `match.key`; undefined where there are none
 * @returns a fault for each key pattern that the exceptions leave nothing of, and for each exception without effect
 */
export function faultsOfReach(
  match: Readonly<Record<string, unknown>>,
  keys: readonly CompiledAt[] | undefined,
  exceptions: readonly ExceptionAt[],
): readonly RuleFault[] {
  const prefixes = textsAt(match.prefix, ['match', 'prefix']).map(({ text }) => textsFrom(text));
  const within = prefixes.length > 0 ? prefixes : [textsFrom('')];
  const wanted = keys?.map(({ path, pattern }) => ({ path, texts: textsOf(pattern) })) ?? [
    { path: ['match'], texts: anyKey },
  ];
  const weighed = exceptions.map((exception) => ({ ...exception, reach: reachOf(match, exception) }));
  // Whatever leaves out by the key alone, or by values that every match has.
  const excluded = weighed.flatMap(({ reach }) => (reach.values === 'all' ? reach.texts : []));
  const faults: RuleFault[] = [];
  for (const { path, texts } of wanted) {
    if (!within.some((prefix) => someTextIn([texts, prefix]))) {
      faults.push({ path, message: 'it can never match: no such key begins with `match.prefix`' });
    } else if (!within.some((prefix) => someTextIn([texts, prefix], excluded))) {
      faults.push({ path, message: neverMatches });
    }
  }
  if (faults.length > 0) return faults;
  for (const { path, reach } of weighed) {
    if (reach.values === 'none') faults.push({ path, message: withoutEffect });
    for (const { path, texts } of reach.places) {
      const meets = wanted.some((each) => within.some((prefix) => someTextIn([each.texts, prefix, texts])));
      if (!meets) faults.push({ path, message: withoutEffect });
    }
  }
  return faults;
}

const neverMatches = 'it can never match: `except` leaves out every such change';
const withoutEffect = 'it leaves nothing out: no change that the rule matches fits it';

interface Reach {
  /** Whether all, some or none of what matches has the values that the exception wants. */
  readonly values: 'all' | 'some' | 'none';
  /** The keys that it leaves out; where it names none, all. Empty where the two kinds of conditions meet in it. */
  readonly texts: readonly TextSet[];
  readonly places: readonly { readonly path: Place; readonly texts: TextSet }[];
}

function reachOf(match: Readonly<Record<string, unknown>>, { path, conditions, keys }: ExceptionAt): Reach {
  const prefixes = textsAt(conditions.prefix, [...path, 'prefix']);
  const places = [
    ...keys.map((key) => ({ path: key.path, texts: textsOf(key.pattern) })),
    ...prefixes.map((prefix) => ({ path: prefix.path, texts: textsFrom(prefix.text) })),
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
    if (!given.some((each) => out.some((other) => someTextIn([each, other])))) return 'none';
    if (given.some((each) => someTextIn([each], out))) values = 'some';
  }
  return values;
}

/** The texts that any of some patterns stands for; undefined where there is none that can be read. */
function setsOf(value: unknown): readonly TextSet[] | undefined {
  const texts = textsAt(value, []);
  if (texts.length === 0) return undefined;
  try {
    return texts.map(({ text }) => textsOf(compilePattern(text)));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return undefined;
  }
}
