import { compileRegexTemplate } from '../../../functions/core/mapping/patterns/regex-template.ts';
import { compilePlainTemplate, type Template } from '../../../functions/core/mapping/patterns/template.ts';
import { compileUrlTemplate } from '../../../functions/core/mapping/patterns/url-template.ts';
import { maxHeaderSets } from '../../../functions/core/mapping/urls/header-sets.ts';
import { originOf } from '../../../functions/core/mapping/urls/hosts.ts';
import { regexPatternProblem } from '../../../functions/core/mapping/urls/regex-pattern.ts';
import { dirUrlProblem, fileUrlProblem } from '../../../functions/core/mapping/urls/url.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { suggestion } from '../checks/suggestion.ts';
import {
  type IssuePath,
  readOr,
  type StringAt,
  stringsAt,
  type ValidationIssue,
} from '../checks/validation-issue.ts';
import { headerName } from './rule-schema.ts';

/** The variables of a rule. */
export interface KnownVariables {
  readonly isKnown: (name: string) => boolean;
  readonly names: readonly string[];
}

/** @returns the issues of a rule's `purge`, as far as they are known before any change */
export function validatePurge(
  purge: Record<string, unknown>,
  hasPages: boolean,
  known: KnownVariables,
): readonly ValidationIssue[] {
  const issues = validateParts(purge, hasPages);
  const hosts = stringsAt(purge.hosts, ['purge', 'hosts']);
  const templates = (['fileUrls', 'dirUrls', 'regexPatterns'] as const).flatMap((name) => {
    const list = Array.isArray(purge[name]) ? purge[name] : [];
    return stringsAt(list, ['purge', name]).map((template) => ({ name, ...template }));
  });
  const areHostsUsed = templates.some(({ value }) => value.startsWith('/'));
  const validHosts = validateHosts(issues, hosts, areHostsUsed);
  for (const { name, value, path } of templates) {
    const wholes = value.startsWith('/') ? validHosts.map((host) => `${originOf(host)}${value}`) : [value];
    if (value.startsWith('/') && hosts.length === 0) {
      issues.push({ path, message: 'expected a URL, or a path and `purge.hosts`, got a path alone' });
    }
    const found = wholes.map((whole) => validateTemplate(name, whole, path, known));
    // One path on several hosts mostly has one issue, not one for each host.
    issues.push(...(found.find((each) => each.length > 0) ?? []));
  }
  issues.push(
    ...stringsAt(purge.queries, ['purge', 'queries']).flatMap((query) => validateQuery(query, known)),
  );
  return [...issues, ...validateHeaders(purge.fileHeaders, known)];
}

/** The fields of `purge` that name no URLs by themselves. */
const optionNames = ['hosts', 'fileHeaders', 'variants', 'queries', 'encodings'];

function validateParts(purge: Record<string, unknown>, hasPages: boolean): ValidationIssue[] {
  const { fileUrls, dirUrls, regexPatterns } = purge;
  const issues: ValidationIssue[] = [];
  if (fileUrls === undefined && dirUrls === undefined && regexPatterns === undefined) {
    // A misspelled name has its own issue.
    if (Object.keys(purge).some((name) => !optionNames.includes(name))) return [];
    issues.push({
      path: ['purge'],
      message: 'expected `fileUrls`, `dirUrls` or `regexPatterns`, got none of them',
    });
  } else if (fileUrls === undefined) {
    const forFiles = ['fileHeaders', 'variants', 'queries'].filter((name) => purge[name] !== undefined);
    for (const name of forFiles)
      issues.push({ path: ['purge', name], message: 'it applies to `fileUrls` only' });
    if (hasPages) issues.push({ path: ['pages'], message: 'they apply to `fileUrls` only' });
  }
  if (purge.variants === true && purge.fileHeaders !== undefined) {
    const message = '`variants` already purges every version, including those that differ by headers';
    issues.push({ path: ['purge', 'fileHeaders'], message });
  }
  return issues;
}

/** @returns the hosts that templates can be checked with */
function validateHosts(
  issues: ValidationIssue[],
  hosts: readonly StringAt[],
  isUsed: boolean,
): readonly string[] {
  const [first] = hosts;
  if (first !== undefined && !isUsed) {
    issues.push({
      path: ['purge', 'hosts'],
      message: 'they apply to templates that begin with a slash, and there are none',
    });
  }
  return hosts.flatMap(({ value, path }) => {
    if (/^(?:(?:https?|any):\/\/)?[^/?#\s]+\/?$/.test(value)) return [value];
    issues.push({ path, message: `expected a host such as "www.example.com", got ${JSON.stringify(value)}` });
    return [];
  });
}

type ListName = 'fileUrls' | 'dirUrls' | 'regexPatterns';

const problemOf = { fileUrls: fileUrlProblem, dirUrls: dirUrlProblem, regexPatterns: regexPatternProblem };

function validateTemplate(
  name: ListName,
  whole: string,
  path: IssuePath,
  known: KnownVariables,
): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const compile = name === 'regexPatterns' ? compileRegexTemplate : compileUrlTemplate;
  const template = readOr(issues, path, () => compile(whole));
  if (template === undefined) return issues;
  if (name === 'regexPatterns' && variableInClass.test(whole.replaceAll(/\\[\s\S]/g, ''))) {
    return [{ path, message: 'a variable in a character class would match single characters of its value' }];
  }
  return validateCompiled(template, path, known, problemOf[name]);
}

const variableInClass = /\[[^\]]*\{\+?[A-Za-z][^{}]*\}/;

/** A template's issues that are known before any change: unknown variables, and errors that occur for every value. */
function validateCompiled(
  template: Template,
  path: IssuePath,
  { isKnown, names }: KnownVariables,
  problem: (sample: string) => string | undefined,
): readonly ValidationIssue[] {
  const unknown = [...new Set(template.variables)].filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const list = unknown.map((name) => `{${name}}`).join(', ');
    const [first = ''] = unknown;
    const meant = unknown.length === 1 ? suggestion(first, names) : '';
    return [{ path, message: `${list} is not defined here: no match of this rule gives it a value${meant}` }];
  }
  const lists = new Set(template.variables.filter((name) => name.includes('*')));
  if (lists.size > 1) return [{ path, message: `expected one list at most, got ${lists.size}` }];
  const message = problem(template.sample);
  return message === undefined ? [] : [{ path, message }];
}

function validateQuery({ value, path }: StringAt, known: KnownVariables): readonly ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  const whole = `https://host.example/?${value.replace(/^\?/, '')}`;
  const template = readOr(issues, path, () => compileUrlTemplate(whole));
  if (template === undefined) return issues;
  return validateCompiled(template, path, known, (sample) =>
    fileUrlProblem(sample) === undefined
      ? undefined
      : `expected a query string with special characters percent-encoded and without "*", which only \`dirUrls\` take as a wildcard, got ${JSON.stringify(value)}`,
  );
}

function validateHeaders(fileHeaders: unknown, known: KnownVariables): readonly ValidationIssue[] {
  const path = ['purge', 'fileHeaders'];
  const issues: ValidationIssue[] = [];
  const records = Array.isArray(fileHeaders) ? fileHeaders.map(recordOf) : [recordOf(fileHeaders)];
  records.forEach((record, index) => {
    if (record === undefined) return;
    const recordPath = Array.isArray(fileHeaders) ? [...path, index] : path;
    const names = Object.keys(record);
    for (const [at, name] of names.entries()) {
      const lower = name.toLowerCase();
      const isTwice = names.findIndex((each) => each.toLowerCase() === lower) < at;
      if (isTwice)
        issues.push({ path: [...recordPath, name], message: 'it is already given, in another case' });
      if (!headerName.test(name))
        issues.push({ path: [...recordPath, name], message: 'expected the name of a header' });
      for (const { value, path: valuePath } of stringsAt(record[name], [...recordPath, name])) {
        const template = readOr(issues, valuePath, () => compilePlainTemplate(value));
        if (template === undefined) continue;
        if (template.variables.some((each) => each.includes('*'))) {
          const message = `expected one value for each version, got the list ${JSON.stringify(value)}: write \`variants: true\` to purge every version`;
          issues.push({ path: valuePath, message });
        } else issues.push(...validateCompiled(template, valuePath, known, valueProblem));
      }
    }
  });
  if (issues.length === 0 && !Array.isArray(fileHeaders) && records[0] !== undefined) {
    const count = Object.values(records[0]).reduce<number>(
      (product, values) => product * (Array.isArray(values) ? values.length : 1),
      1,
    );
    const message = `expected at most ${maxHeaderSets} versions, got ${count}`;
    if (count > maxHeaderSets) issues.push({ path, message });
  }
  return issues;
}

/** @returns the issues of a rule's `proof` */
export function validateProof(
  rule: Record<string, unknown>,
  source: string,
  known: KnownVariables,
): readonly ValidationIssue[] {
  const path = ['proof'];
  const proof = recordOf(rule.proof);
  if (proof === undefined) return [];
  if (source === 's3') {
    return [{ path, message: 'it is for entries of a CMS: files of S3 objects are proven by their ETags' }];
  }
  const issues: ValidationIssue[] = [];
  if (recordOf(rule.purge)?.fileUrls === undefined) {
    issues.push({ path, message: 'it applies to `purge.fileUrls` only' });
  }
  for (const { value, path: valuePath } of stringsAt(proof.value, [...path, 'value'])) {
    const template = readOr(issues, valuePath, () => compilePlainTemplate(value));
    if (template === undefined) continue;
    const { variables } = template;
    if (variables.length === 0 || variables.some((name) => name.includes('*'))) {
      const message = `expected a template that each version gives one value, such as "{fields.version}", got ${JSON.stringify(value)}`;
      issues.push({ path: valuePath, message });
    } else issues.push(...validateCompiled(template, valuePath, known, valueProblem));
  }
  return issues;
}

function valueProblem(value: string): string | undefined {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
    ? undefined
    : 'expected characters that a header may contain';
}
