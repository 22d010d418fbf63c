import { compilePattern } from '../../../functions/core/mapping/patterns/pattern.ts';
import { listOf } from '../../../functions/core/mapping/rule.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { suggestion } from '../checks/suggestion.ts';
import { type IssuePath, readOr, stringsAt, type ValidationIssue } from '../checks/validation-issue.ts';
import { validateProof, validatePurge } from './check-purge.ts';
import { type CompiledAt, type ExceptionAt, validateReachable } from './check-reachable.ts';
import { globIssues, prefixGlobIssues } from './globs.ts';
import { maxDelaySeconds } from './rule-schema.ts';

/**
 * Checks what a schema cannot express: that fields are compatible, that patterns and templates are valid, and that each
 * rule can match. Reads as much as it can of a configuration that the schema refuses, so that all issues come at once.
 * @param settings anything; its `rules` are looked at
 */
export function validateRules(settings: unknown): readonly ValidationIssue[] {
  const rules = recordOf(settings)?.rules;
  if (!Array.isArray(rules)) return [];
  const issues = rules.flatMap((rule: unknown, index) =>
    validateRule(rule).map(({ path, message }) => ({ path: ['rules', index, ...path], message })),
  );
  return [...issues, ...validateNames(rules)];
}

function validateNames(rules: readonly unknown[]): readonly ValidationIssue[] {
  const names = rules.map((rule) => recordOf(rule)?.name);
  return names.flatMap((name, index) => {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) return [];
    return [{ path: ['rules', index, 'name'], message: `rules[${first}] has the name "${name}", too` }];
  });
}

function validateRule(rule: unknown): readonly ValidationIssue[] {
  const record = recordOf(rule);
  const match = recordOf(record?.match);
  if (record === undefined || match === undefined) return [];
  const issues: ValidationIssue[] = [];
  const source = typeof match.source === 'string' ? match.source : undefined;
  if (source !== undefined) issues.push(...validateFields(match, source, ['match']));
  issues.push(...prefixGlobIssues(stringsAt(match.prefix, ['match', 'prefix'])));
  const keys = compileAt(issues, match, 'key', ['match', 'key']);
  const captured = capturesOf(issues, match, keys);
  issues.push(...validateExceptions(record, match, source, keys));
  if (source !== undefined) {
    const known = knownVariables(source, captured);
    issues.push(...validatePurge(recordOf(record.purge) ?? {}, record.pages !== undefined, known));
    issues.push(...validateProof(record, source, known));
  }
  return [...issues, ...validateDelays(record)];
}

const objectFields = ['key', 'bucket', 'prefix'] as const;
const entryFields = ['webhook', 'type', 'locale', 'environment', 'fields'] as const;

/** Values of a CMS change in addition to `fields.…`, for templates and for `match.fields`. */
export const entryVariables = [
  'id',
  'type',
  'locale',
  'source',
  'webhook',
  'slug',
  'url',
  'path',
  'environment',
  'branch',
] as const;

/** An issue for each condition on a value that a change of the source never has. */
function validateFields(
  given: Record<string, unknown>,
  source: string,
  path: IssuePath,
): readonly ValidationIssue[] {
  const never: readonly string[] = source === 's3' ? entryFields : objectFields;
  const issues: ValidationIssue[] = never
    .filter((name) => given[name] !== undefined)
    .map((name) => ({
      path: [...path, name],
      message: `a change from "${source}" has no ${name}: this condition can never hold`,
    }));
  if (source === 's3') return issues;
  const unknown = Object.keys(recordOf(given.fields) ?? {}).filter((name) => !isEntryVariable(name));
  return [
    ...issues,
    ...unknown.map((name) => ({
      path: [...path, 'fields', name],
      message: `no change has this value${suggestion(name, [...entryVariables, `fields.${name}`])}`,
    })),
  ];
}

function isEntryVariable(name: string): boolean {
  return entryVariables.some((known) => known === name) || name.startsWith('fields.');
}

function compileAt(
  issues: ValidationIssue[],
  holder: Record<string, unknown>,
  name: string,
  path: IssuePath,
): readonly CompiledAt[] | undefined {
  if (holder[name] === undefined) return undefined;
  const strings = stringsAt(holder[name], path);
  // A field of a CMS may hold a star, a key or a name hardly ever does.
  if (!path.includes('fields')) issues.push(...globIssues(strings));
  return strings.flatMap((each) => {
    const pattern = readOr(issues, each.path, () => compilePattern(each.value));
    return pattern === undefined ? [] : [{ path: each.path, pattern }];
  });
}

/** The variables that every match of the rule gives a value; undefined where a pattern could not be parsed. */
function capturesOf(
  issues: ValidationIssue[],
  match: Record<string, unknown>,
  keys: readonly CompiledAt[] | undefined,
): readonly string[] | undefined {
  const before = issues.length;
  const conditions: (readonly [IssuePath, readonly CompiledAt[]])[] = [[['match', 'key'], keys ?? []]];
  for (const name of ['bucket', 'webhook', 'type', 'locale', 'environment']) {
    conditions.push([['match', name], compileAt(issues, match, name, ['match', name]) ?? []]);
  }
  const fields = recordOf(match.fields) ?? {};
  for (const name of Object.keys(fields)) {
    const path = ['match', 'fields', name];
    conditions.push([path, compileAt(issues, fields, name, path) ?? []]);
  }
  const isParsed = issues.length === before && conditions[0]?.[1].length === listOf(match.key ?? []).length;
  const captured = new Map<string, IssuePath>();
  for (const [path, patterns] of conditions) {
    const names = inAll(patterns.map(({ pattern }) => pattern.variables));
    for (const name of names) {
      const other = captured.get(name);
      if (other === undefined) captured.set(name, path);
      else issues.push({ path, message: `{${name}} is captured by \`${other.join('.')}\`, too` });
    }
  }
  return isParsed ? [...captured.keys()] : undefined;
}

function inAll(lists: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = lists;
  return first.filter((name) => others.every((list) => list.includes(name)));
}

function knownVariables(
  source: string,
  captured: readonly string[] | undefined,
): { readonly isKnown: (name: string) => boolean; readonly names: readonly string[] } {
  const own: readonly string[] = source === 's3' ? ['key', 'bucket'] : entryVariables;
  const names = [...(captured ?? []), ...own];
  return {
    // A pattern that could not be parsed has its own issue; it must not cause more of them.
    isKnown: (name) =>
      captured === undefined || names.includes(name) || (source !== 's3' && isEntryVariable(name)),
    names,
  };
}

function validateExceptions(
  rule: Record<string, unknown>,
  match: Record<string, unknown>,
  source: string | undefined,
  keys: readonly CompiledAt[] | undefined,
): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const items = Array.isArray(rule.except) ? rule.except : rule.except === undefined ? [] : [rule.except];
  const exceptions: ExceptionAt[] = [];
  items.forEach((item: unknown, index) => {
    const path = Array.isArray(rule.except) ? ['except', index] : ['except'];
    if (typeof item === 'string' && source !== undefined && source !== 's3') {
      const message = `a change from "${source}" has no key: expected an object with conditions, got a pattern`;
      issues.push({ path, message });
      return;
    }
    const conditions = typeof item === 'string' ? { key: item } : recordOf(item);
    if (conditions === undefined) return;
    if (typeof item !== 'string' && Object.keys(conditions).length === 0) {
      issues.push({ path, message: 'without a condition it excludes everything' });
    }
    if (source !== undefined) issues.push(...validateFields(conditions, source, path));
    issues.push(...prefixGlobIssues(stringsAt(conditions.prefix, [...path, 'prefix'])));
    const keyPath = typeof item === 'string' ? path : [...path, 'key'];
    const compiled = compileAt(issues, conditions, 'key', keyPath) ?? [];
    for (const name of ['bucket', 'webhook', 'type', 'locale', 'environment']) {
      compileAt(issues, conditions, name, [...path, name]);
    }
    // A misspelled condition has its own issue; it must not count as no condition.
    if (Object.keys(conditions).every(isCondition) && Object.keys(conditions).length > 0)
      exceptions.push({ path, conditions, keys: compiled });
  });
  const isParsed = keys === undefined || keys.length === listOf(match.key ?? []).length;
  return isParsed ? [...issues, ...validateReachable(match, keys, exceptions)] : issues;
}

function isCondition(name: string): boolean {
  return ['key', 'prefix', 'bucket', 'webhook', 'type', 'locale', 'environment', 'fields'].includes(name);
}

function validateDelays({
  delaySeconds = 0,
  repeatAfterSeconds,
}: Record<string, unknown>): readonly ValidationIssue[] {
  if (typeof delaySeconds !== 'number' || typeof repeatAfterSeconds !== 'number') return [];
  if (delaySeconds > maxDelaySeconds || repeatAfterSeconds > maxDelaySeconds) return [];
  const sum = delaySeconds + repeatAfterSeconds;
  if (sum <= maxDelaySeconds) return [];
  const message = `expected at most ${maxDelaySeconds} together with \`delaySeconds\`, got ${sum}`;
  return [{ path: ['repeatAfterSeconds'], message }];
}
