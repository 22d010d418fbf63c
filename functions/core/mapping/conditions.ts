import { describeValue } from '../model/errors.ts';
import type { ChangeAction, OriginChange } from '../model/types.ts';
import { type Captures, compilePattern } from './patterns/pattern.ts';
import type { Variables } from './patterns/template.ts';
import { type Conditions, listOf, type Match, type Rule } from './rule.ts';

/** One condition on one value of a change. */
export interface Condition {
  /** The variable that it looks at, or `action`. */
  readonly field: string;
  /** How it is written in the rule: `"site/{+path}"`. */
  readonly wanted: string;
  /** Whether the value only has to begin like that. */
  readonly isPrefix: boolean;
  /** What its pattern captured; undefined where the value is missing or does not fit. */
  capture(value: string | undefined): Captures | undefined;
}

/** When a rule matches a change. */
export interface CompiledMatch {
  readonly conditions: readonly Condition[];
  /** Any of these leaves a change out, if all of its conditions hold. */
  readonly exceptions: readonly (readonly Condition[])[];
}

const nothing: Captures = Object.freeze({});

/** @throws PatternError for a pattern that cannot be read */
export function compileMatch({ match, except }: Pick<Rule, 'match' | 'except'>): CompiledMatch {
  return {
    conditions: [...actionConditions(match), ...compileConditions(match)],
    exceptions: exceptionsOf(except).map(compileConditions),
  };
}

/** @returns each exception as conditions; a plain pattern is one on the key */
export function exceptionsOf(except: Rule['except']): readonly Conditions[] {
  return listOf<string | Conditions>(except).map((each) => (typeof each === 'string' ? { key: each } : each));
}

function actionConditions({ action }: Match): readonly Condition[] {
  return action === undefined ? [] : [conditionOn('action', [action], isOneOf([action]))];
}

/** The fields of conditions whose values are patterns, by the variable that they look at. */
const patternFields = ['bucket', 'key', 'webhook', 'type', 'locale', 'environment'] as const;

function compileConditions(given: Conditions): readonly Condition[] {
  const { prefix } = given;
  const prefixes = listOf(prefix);
  const conditions: Condition[] = patternFields.flatMap((field) => {
    const wanted = listOf(given[field]);
    return wanted.length === 0 ? [] : [conditionOn(field, wanted, fitsOneOf(wanted))];
  });
  if (prefixes.length > 0)
    conditions.push({ ...conditionOn('key', prefixes, beginsWithOneOf(prefixes)), isPrefix: true });
  for (const [name, value] of Object.entries(given.fields ?? {})) {
    const wanted = listOf(value).map(String);
    conditions.push(conditionOn(name, wanted, fitsOneOf(wanted)));
  }
  return conditions;
}

function conditionOn(field: string, wanted: readonly string[], capture: Condition['capture']): Condition {
  const list = wanted.map((each) => JSON.stringify(each)).join(' or ');
  return { field, wanted: list, isPrefix: false, capture };
}

function fitsOneOf(sources: readonly string[]): Condition['capture'] {
  const patterns = sources.map(compilePattern);
  if (patterns.every(({ variables }) => variables.length === 0)) return isOneOf(sources);
  const [only] = patterns;
  if (only !== undefined && patterns.length === 1) {
    return (value) => (value === undefined ? undefined : only.match(value));
  }
  return (value) => {
    if (value === undefined) return undefined;
    for (const pattern of patterns) {
      const captures = pattern.match(value);
      if (captures !== undefined) return captures;
    }
    return undefined;
  };
}

function isOneOf(values: readonly string[]): Condition['capture'] {
  const known = new Set(values);
  return (value) => (value !== undefined && known.has(value) ? nothing : undefined);
}

function beginsWithOneOf(prefixes: readonly string[]): Condition['capture'] {
  return (value) =>
    value !== undefined && prefixes.some((prefix) => value.startsWith(prefix)) ? nothing : undefined;
}

/** Safe with any name: an entry's variables have no prototype, and of an object's only two names are asked for. */
function valueIn(field: string, action: ChangeAction, variables: Variables): string | undefined {
  return field === 'action' ? action : variables[field];
}

/**
 * @param variables the change's own, see {@link variablesOf}
 * @returns what the rule's patterns captured, `'excepted'` where an exception alone leaves the change out, or undefined
 *   where the rule does not match
 */
export function matchChange(
  { conditions, exceptions }: CompiledMatch,
  change: OriginChange,
  variables: Variables,
): Captures | 'excepted' | undefined {
  const captures =
    allHold(conditions, change.action, variables) ??
    (isRemovedVersion(change) ? allHold(conditions, 'delete', variables) : undefined);
  if (captures === undefined) return undefined;
  for (const exception of exceptions) {
    if (allHold(exception, change.action, variables) !== undefined) return 'excepted';
  }
  return captures;
}

/** The object may be gone, or show another version. */
function isRemovedVersion(change: OriginChange): boolean {
  return 'removedVersion' in change && change.removedVersion !== undefined;
}

function allHold(
  conditions: readonly Condition[],
  action: ChangeAction,
  variables: Variables,
): Captures | undefined {
  let captures = nothing;
  for (const { field, capture } of conditions) {
    const found = capture(valueIn(field, action, variables));
    if (found === undefined) return undefined;
    if (found !== nothing) captures = captures === nothing ? found : { ...captures, ...found };
  }
  return captures;
}

/** @returns why a rule does not match a change, for a person to read; undefined where it matches */
export function reasonNotToMatch(
  { conditions, exceptions }: CompiledMatch,
  action: ChangeAction,
  variables: Variables,
): string | undefined {
  for (const { field, wanted, isPrefix, capture } of conditions) {
    const value = valueIn(field, action, variables);
    if (capture(value) === undefined) {
      const expected = isPrefix ? `a ${field} that begins with ${wanted}` : wanted;
      return value === undefined
        ? `the change has no ${field}, expected ${expected}`
        : `its ${field} is ${describeValue(value)}, expected ${expected}`;
    }
  }
  const exception = exceptions.find((each) => allHold(each, action, variables) !== undefined);
  return exception === undefined ? undefined : `left out by except: ${describeException(exception)}`;
}

/** @returns what an exception leaves out, e.g. `key that begins with "img/" and type "draft"` */
export function describeException(exception: readonly Condition[]): string {
  return exception
    .map(({ field, wanted, isPrefix }) => `${field} ${isPrefix ? 'that begins with ' : ''}${wanted}`)
    .join(' and ');
}

/**
 * What a change gives a value to: `key` and `bucket`, or an entry's fields and what is known about it. An empty
 * string counts as no value: an empty slug names no page.
 * @returns an object without a prototype where its names come from outside
 */
export function variablesOf(change: OriginChange): Variables {
  if ('key' in change) return { bucket: change.bucket, key: change.key };
  const variables: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(change.fields)) {
    if (value !== '') variables[name] = String(value);
  }
  const { id, type, locale, source, webhook } = change;
  for (const [name, value] of Object.entries({ id, type, locale, source, webhook })) {
    if (value !== undefined && value !== '') variables[name] = value;
  }
  return variables;
}
