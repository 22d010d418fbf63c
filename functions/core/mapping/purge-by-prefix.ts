import type { EntryChange, Scope, Target } from '../model/types.ts';
import {
  listOf,
  type MappingConfig,
  type MappingProblem,
  type MappingResult,
  type OneOrMore,
  type Rule,
} from './rule.ts';
import { scheduledAtOnce } from './schedule.ts';
import { EntrySet } from './urls/entry-set.ts';
import { withHosts } from './urls/hosts.ts';
import { encodeLiteral } from './urls/url.ts';
import { dirEntry, fileEntry, type UrlEntry } from './urls/url-entry.ts';

/**
 * Maps a change whose source does not say which entries changed: for each rule that could match one of them, all that
 * is below the literal beginning of each template, and templates without a variable as they are.
 * @returns entries without duplicates, in the order of the rules
 */
export function purgeByPrefix(config: MappingConfig, change: EntryChange): MappingResult {
  const found = new EntrySet();
  const problems: MappingProblem[] = [];
  const rules: string[] = [];
  for (const [index, rule] of config.rules.entries()) {
    if (!couldMatch(rule, change)) continue;
    const name = rule.name ?? `rules[${index}]`;
    rules.push(name);
    for (const { template, entries } of prefixesOf(rule, config.target)) {
      const problem = entries.find((entry) => entry.kind === 'problem');
      if (problem !== undefined) problems.push({ rule: name, template, reason: problem.reason });
      else for (const entry of entries) if (entry.kind !== 'problem') found.add(entry);
    }
  }
  const { entries } = found;
  return { entries, schedule: scheduledAtOnce(entries), rules, problems };
}

function couldMatch({ match }: Rule, { source, webhook, type }: EntryChange): boolean {
  return match.source === source && couldBe(match.webhook, webhook) && couldBe(match.type, type);
}

/** A condition's patterns are taken to match, and so is a value that the change does not tell. */
function couldBe(patterns: OneOrMore<string> | undefined, value: string | undefined): boolean {
  if (patterns === undefined || value === undefined) return true;
  return listOf(patterns).some((pattern) => pattern === value || pattern.includes('{'));
}

interface Prefix {
  readonly template: string;
  readonly entries: readonly UrlEntry[];
}

function prefixesOf(rule: Rule, target: Target): readonly Prefix[] {
  const { hosts, fileUrls, dirUrls, regexPatterns } = rule.purge;
  const scope: Scope = {
    target: rule.target ?? target,
    action: rule.action ?? 'invalidate',
    ...(rule.webhook === undefined ? {} : { webhook: rule.webhook }),
  };
  const prefixes = (
    templates: readonly string[] | undefined,
    entriesOf: (template: string, scope: Scope) => readonly UrlEntry[],
  ) =>
    withHosts(templates, listOf(hosts)).map(({ whole }) => ({
      template: whole,
      entries: entriesOf(whole, scope),
    }));
  return [
    ...prefixes(fileUrls, belowFileUrl),
    ...prefixes(dirUrls, belowDirUrl),
    ...prefixes(regexPatterns, belowRegexPattern),
  ];
}

function belowFileUrl(template: string, scope: Scope): readonly UrlEntry[] {
  if (isFixed(template)) return [fileEntry(encodeLiteral(template), scope)];
  return [dirEntry(below(template, /\{/), scope)];
}

function belowDirUrl(template: string, scope: Scope): readonly UrlEntry[] {
  return [dirEntry(isFixed(template) ? encodeLiteral(template) : below(template, /\{/), scope)];
}

/** A regex cannot be cut anywhere, but its literal beginning is a path. */
function belowRegexPattern(template: string, scope: Scope): readonly UrlEntry[] {
  if (isFixed(template)) return [{ kind: 'regex', pattern: encodeLiteral(template), ...scope }];
  const pathStart = template.indexOf('/', template.indexOf('://') + 3);
  const url = below(template, /[\\^$.*+?()[\]{}|](?=[^/]*(\/|$))/, pathStart);
  const urls = url.startsWith('any:') ? [`http${url.slice(3)}`, `https${url.slice(3)}`] : [url];
  return urls.map((each) => dirEntry(each, scope));
}

/** Whether a template has no variable. */
function isFixed(template: string): boolean {
  return !/\{\+?[A-Za-z_]/.test(template);
}

/** A wildcard for all that is below the last slash before the first match of `stop` after `from`. */
function below(template: string, stop: RegExp, from = 0): string {
  const start = Math.max(from, 0);
  const at = template.slice(start).search(stop);
  const literal = encodeLiteral(at < 0 ? template : template.slice(0, start + at)).replace(/\?.*$/s, '');
  return `${literal.slice(0, literal.lastIndexOf('/') + 1)}**`;
}
