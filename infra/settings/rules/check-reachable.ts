import { compilePattern, type Pattern } from '../../../functions/core/mapping/patterns/pattern.ts';
import { PatternError } from '../../../functions/core/mapping/patterns/tokens.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { type IssuePath, stringsAt, type ValidationIssue } from '../checks/validation-issue.ts';
import { type StringSet, someStringIn, stringsFrom, stringsOf } from './pattern-sets.ts';

/** A pattern of a configuration, with its path. */
export interface CompiledAt {
  readonly path: IssuePath;
  readonly pattern: Pattern;
}

/** A key has at least one character. */
const anyKey = stringsOf({
  tokens: [{ kind: 'variable', name: 'key', crossesSlashes: true, isOptional: false }],
});

/** What an exception excludes: keys that begin with a prefix or match a pattern, and its other conditions. */
export interface ExceptionAt {
  readonly path: IssuePath;
  readonly conditions: Readonly<Record<string, unknown>>;
  /** The patterns of its `key` that could be parsed. */
  readonly keys: readonly CompiledAt[];
}

/** Conditions on one value each, apart from the key. */
const valueNames = ['bucket', 'webhook', 'type', 'locale', 'environment'];

/**
 * Compares a rule's exceptions with what it matches.
 * @param keys the patterns of `match.key`; undefined where there are none
 * @returns an issue for each key pattern that the exceptions exclude entirely, and for each exception without effect
 */
export function validateReachable(
  match: Readonly<Record<string, unknown>>,
  keys: readonly CompiledAt[] | undefined,
  exceptions: readonly ExceptionAt[],
): readonly ValidationIssue[] {
  const prefixes = stringsAt(match.prefix, ['match', 'prefix']).map(({ value }) => stringsFrom(value));
  const within = prefixes.length > 0 ? prefixes : [stringsFrom('')];
  const wanted = keys?.map(({ path, pattern }) => ({ path, strings: stringsOf(pattern) })) ?? [
    { path: ['match'], strings: anyKey },
  ];
  const compared = exceptions.map((exception) => ({ ...exception, reach: reachOf(match, exception) }));
  // Exceptions by key alone, or by values that every match has.
  const excluded = compared.flatMap(({ reach }) => (reach.values === 'all' ? reach.strings : []));
  const issues: ValidationIssue[] = [];
  for (const { path, strings } of wanted) {
    if (!within.some((prefix) => someStringIn([strings, prefix]))) {
      issues.push({ path, message: 'it can never match: no such key begins with `match.prefix`' });
    } else if (!within.some((prefix) => someStringIn([strings, prefix], excluded))) {
      issues.push({ path, message: neverMatches });
    }
  }
  if (issues.length > 0) return issues;
  for (const { path, reach } of compared) {
    if (reach.values === 'none') issues.push({ path, message: withoutEffect });
    for (const { path, strings } of reach.keyConditions) {
      const meets = wanted.some((each) =>
        within.some((prefix) => someStringIn([each.strings, prefix, strings])),
      );
      if (!meets) issues.push({ path, message: withoutEffect });
    }
  }
  return issues;
}

const neverMatches = 'it can never match: `except` excludes every such change';
const withoutEffect = 'it has no effect: it excludes no change that the rule matches';

interface Reach {
  /** Whether all, some or none of what matches has the values that the exception wants. */
  readonly values: 'all' | 'some' | 'none';
  /** The keys that it excludes, all where it names none. Empty where it has both a pattern and a prefix. */
  readonly strings: readonly StringSet[];
  readonly keyConditions: readonly { readonly path: IssuePath; readonly strings: StringSet }[];
}

function reachOf(match: Readonly<Record<string, unknown>>, { path, conditions, keys }: ExceptionAt): Reach {
  const prefixes = stringsAt(conditions.prefix, [...path, 'prefix']);
  const keyConditions = [
    ...keys.map((key) => ({ path: key.path, strings: stringsOf(key.pattern) })),
    ...prefixes.map((prefix) => ({ path: prefix.path, strings: stringsFrom(prefix.value) })),
  ];
  const isBoth = conditions.key !== undefined && conditions.prefix !== undefined;
  const hasKeys = conditions.key !== undefined || conditions.prefix !== undefined;
  const all = hasKeys ? keyConditions.map(({ strings }) => strings) : [anyKey];
  return { values: valuesOf(match, conditions), strings: isBoth ? [] : all, keyConditions };
}

/** Compares the conditions on values: a match without such a condition may have any value. */
function valuesOf(
  match: Readonly<Record<string, unknown>>,
  conditions: ExceptionAt['conditions'],
): Reach['values'] {
  // Without a field it is no condition.
  if (Object.keys(recordOf(conditions.fields) ?? {}).length > 0) return 'some';
  let values: Reach['values'] = 'all';
  for (const name of valueNames) {
    const excluded = setsOf(conditions[name]);
    if (excluded === undefined) continue;
    const given = setsOf(match[name]);
    if (given === undefined) {
      values = 'some';
      continue;
    }
    if (!given.some((each) => excluded.some((other) => someStringIn([each, other])))) return 'none';
    if (given.some((each) => someStringIn([each], excluded))) values = 'some';
  }
  return values;
}

/** The strings that match any of some patterns; undefined without patterns, or where one cannot be parsed. */
function setsOf(value: unknown): readonly StringSet[] | undefined {
  const strings = stringsAt(value, []);
  if (strings.length === 0) return undefined;
  try {
    return strings.map(({ value }) => stringsOf(compilePattern(value)));
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    return undefined;
  }
}
