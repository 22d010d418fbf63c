import { maxHeaderSets } from '../../functions/core/mapping/header-sets.ts';
import { faultOfRegexPattern } from '../../functions/core/mapping/regex-pattern.ts';
import { originOf } from '../../functions/core/mapping/stale-urls.ts';
import {
  compilePlainTemplate,
  compileRegexTemplate,
  compileUrlTemplate,
  type Template,
} from '../../functions/core/mapping/template.ts';
import { faultOfDirUrl, faultOfFileUrl } from '../../functions/core/mapping/url.ts';
import { suggestion } from '../../functions/core/model/errors.ts';
import { type Place, type RuleFault, readOr, recordOf, textsAt } from './validation-issue.ts';

/** The variables of a rule. */
export interface KnownVariables {
  readonly isKnown: (name: string) => boolean;
  readonly names: readonly string[];
}

/** @returns what is wrong with a rule's `purge`, as far as it is known before any change */
export function faultsOfPurge(
  purge: Record<string, unknown>,
  hasPages: boolean,
  known: KnownVariables,
): readonly RuleFault[] {
  const faults = faultsOfParts(purge, hasPages);
  const hosts = textsAt(purge.hosts, ['purge', 'hosts']);
  const templates = (['fileUrls', 'dirUrls', 'regexPatterns'] as const).flatMap((name) => {
    const list = Array.isArray(purge[name]) ? purge[name] : [];
    return textsAt(list, ['purge', name]).map((template) => ({ name, ...template }));
  });
  const isUsed = templates.some(({ text }) => text.startsWith('/'));
  const soundHosts = faultsOfHosts(faults, hosts, isUsed);
  for (const { name, text, path } of templates) {
    const wholes = text.startsWith('/') ? soundHosts.map((host) => `${originOf(host)}${text}`) : [text];
    if (text.startsWith('/') && hosts.length === 0) {
      faults.push({ path, message: 'expected a URL, or a path and `purge.hosts`, got a path alone' });
    }
    const found = wholes.map((whole) => faultsOfTemplate(name, whole, path, known));
    // One path on several hosts mostly has one fault, not one for each host.
    faults.push(...(found.find((each) => each.length > 0) ?? []));
  }
  faults.push(
    ...textsAt(purge.queries, ['purge', 'queries']).flatMap((query) => faultsOfQuery(query, known)),
  );
  return [...faults, ...faultsOfHeaders(purge.fileHeaders, known)];
}

/** The fields of `purge` that name no URLs by themselves. */
const beside = ['hosts', 'fileHeaders', 'variants', 'queries', 'encodings'];

function faultsOfParts(purge: Record<string, unknown>, hasPages: boolean): RuleFault[] {
  const { fileUrls, dirUrls, regexPatterns } = purge;
  const faults: RuleFault[] = [];
  if (fileUrls === undefined && dirUrls === undefined && regexPatterns === undefined) {
    // A misspelt name has its own fault.
    if (Object.keys(purge).some((name) => !beside.includes(name))) return [];
    faults.push({
      path: ['purge'],
      message: 'expected `fileUrls`, `dirUrls` or `regexPatterns`, got none of them',
    });
  } else if (fileUrls === undefined) {
    const forFiles = ['fileHeaders', 'variants', 'queries'].filter((name) => purge[name] !== undefined);
    for (const name of forFiles)
      faults.push({ path: ['purge', name], message: 'it is for `fileUrls` alone' });
    if (hasPages) faults.push({ path: ['pages'], message: 'they are for `fileUrls` alone' });
  }
  if (purge.variants === true && purge.fileHeaders !== undefined) {
    const message = '`variants` purges every version already, those that headers tell apart among them';
    faults.push({ path: ['purge', 'fileHeaders'], message });
  }
  return faults;
}

/** @returns the hosts that templates can be checked with */
function faultsOfHosts(
  faults: RuleFault[],
  hosts: readonly { readonly text: string; readonly path: Place }[],
  isUsed: boolean,
): readonly string[] {
  const [first] = hosts;
  if (first !== undefined && !isUsed) {
    faults.push({
      path: ['purge', 'hosts'],
      message: 'they are for templates that begin with a slash, and there are none',
    });
  }
  return hosts.flatMap(({ text, path }) => {
    if (/^(?:(?:https?|any):\/\/)?[^/?#\s]+\/?$/.test(text)) return [text];
    faults.push({ path, message: `expected a host such as "www.example.com", got ${JSON.stringify(text)}` });
    return [];
  });
}

type ListName = 'fileUrls' | 'dirUrls' | 'regexPatterns';

const faultOf = { fileUrls: faultOfFileUrl, dirUrls: faultOfDirUrl, regexPatterns: faultOfRegexPattern };

function faultsOfTemplate(
  name: ListName,
  whole: string,
  path: Place,
  known: KnownVariables,
): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  const compile = name === 'regexPatterns' ? compileRegexTemplate : compileUrlTemplate;
  const template = readOr(faults, path, () => compile(whole));
  if (template === undefined) return faults;
  return faultsOfCompiled(template, path, known, faultOf[name]);
}

/** A template's faults that are known before any change: unknown variables, and text that no value can mend. */
function faultsOfCompiled(
  template: Template,
  path: Place,
  { isKnown, names }: KnownVariables,
  faultOf: (text: string) => string | undefined,
): readonly RuleFault[] {
  const unknown = [...new Set(template.variables)].filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    const list = unknown.map((name) => `{${name}}`).join(', ');
    const [first = ''] = unknown;
    const meant = unknown.length === 1 ? suggestion(first, names) : '';
    return [
      { path, message: `${list} stands for nothing here: no match of this rule gives it a value${meant}` },
    ];
  }
  const lists = new Set(template.variables.filter((name) => name.includes('*')));
  if (lists.size > 1) return [{ path, message: `expected one list at most, got ${lists.size}` }];
  const fault = faultOf(template.sample);
  return fault === undefined ? [] : [{ path, message: fault }];
}

function faultsOfQuery(
  { text, path }: { readonly text: string; readonly path: Place },
  known: KnownVariables,
): readonly RuleFault[] {
  const faults: RuleFault[] = [];
  const whole = `https://host.example/?${text.replace(/^\?/, '')}`;
  const template = readOr(faults, path, () => compileUrlTemplate(whole));
  if (template === undefined) return faults;
  return faultsOfCompiled(template, path, known, (sample) =>
    faultOfFileUrl(sample) === undefined
      ? undefined
      : `expected a query string with special letters percent-encoded and without "*", got ${JSON.stringify(text)}`,
  );
}

/** A header's name as HTTP has it (https://www.rfc-editor.org/rfc/rfc9110#section-5.1). */
const headerName = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

function faultsOfHeaders(fileHeaders: unknown, known: KnownVariables): readonly RuleFault[] {
  const path = ['purge', 'fileHeaders'];
  const faults: RuleFault[] = [];
  const records = Array.isArray(fileHeaders) ? fileHeaders.map(recordOf) : [recordOf(fileHeaders)];
  records.forEach((record, index) => {
    if (record === undefined) return;
    const place = Array.isArray(fileHeaders) ? [...path, index] : path;
    const names = Object.keys(record);
    for (const [at, name] of names.entries()) {
      const lower = name.toLowerCase();
      const isTwice = names.findIndex((each) => each.toLowerCase() === lower) < at;
      if (isTwice) faults.push({ path: [...place, name], message: 'it is there already, in another case' });
      if (!headerName.test(name))
        faults.push({ path: [...place, name], message: 'expected the name of a header' });
      for (const { text, path: textPath } of textsAt(record[name], [...place, name])) {
        const template = readOr(faults, textPath, () => compilePlainTemplate(text));
        if (template !== undefined) faults.push(...faultsOfCompiled(template, textPath, known, faultOfValue));
      }
    }
  });
  if (faults.length === 0 && !Array.isArray(fileHeaders) && records[0] !== undefined) {
    const count = Object.values(records[0]).reduce<number>(
      (product, values) => product * (Array.isArray(values) ? values.length : 1),
      1,
    );
    const message = `expected at most ${maxHeaderSets} versions, got ${count}`;
    if (count > maxHeaderSets) faults.push({ path, message });
  }
  return faults;
}

function faultOfValue(value: string): string | undefined {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value) ? undefined : 'expected what a header can carry';
}
