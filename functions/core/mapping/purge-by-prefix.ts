import { entryKey } from '../model/entry-key.ts';
import type { EntryChange, PurgeEntry } from '../model/types.ts';
import { withHosts } from './hosts.ts';
import {
  listOf,
  type MappingConfig,
  type MappingProblem,
  type MappingResult,
  type OneOrMore,
  type Rule,
} from './rule.ts';
import { scheduledAtOnce } from './schedule.ts';
import { dirUrlProblem, encodeLiteral } from './url.ts';

/**
 * What is stale where a source does not say which entries changed: for each rule that could match one of them, all
 * that is below the literal beginning of each template, and templates without a variable as they are.
 * @returns entries without repeats, in the order of the rules
 */
export function purgeByPrefix(config: MappingConfig, change: EntryChange): MappingResult {
  const entries = new Map<string, PurgeEntry>();
  const problems: MappingProblem[] = [];
  const matched: string[] = [];
  for (const [index, rule] of config.rules.entries()) {
    if (!couldMatch(rule, change)) continue;
    const name = rule.name ?? `rules[${index}]`;
    matched.push(name);
    for (const { template, swept } of sweptBy(rule, config)) {
      const reason = swept
        .map((entry) => (entry.kind === 'dir' ? dirUrlProblem(entry.url) : undefined))
        .find(Boolean);
      if (reason !== undefined) problems.push({ rule: name, template, reason });
      else for (const entry of swept) entries.set(entryKey(entry), entry);
    }
  }
  const all = [...entries.values()];
  return { entries: all, schedule: scheduledAtOnce(all), rules: matched, problems };
}

function couldMatch({ match }: Rule, { source, webhook, type }: EntryChange): boolean {
  return match.source === source && couldBe(match.webhook, webhook) && couldBe(match.type, type);
}

/** A condition's patterns are taken to match, and what is not known of a change as well. */
function couldBe(wanted: OneOrMore<string> | undefined, value: string | undefined): boolean {
  if (wanted === undefined || value === undefined) return true;
  return listOf(wanted).some((text) => text === value || text.includes('{'));
}

interface Swept {
  readonly template: string;
  readonly swept: readonly PurgeEntry[];
}

function sweptBy(rule: Rule, { target }: MappingConfig): readonly Swept[] {
  const scope = {
    target: rule.target ?? target,
    action: rule.action ?? ('invalidate' as const),
    ...(rule.webhook === undefined ? {} : { webhook: rule.webhook }),
  };
  const hosts = listOf(rule.purge.hosts);
  const wholeOf = (templates: readonly string[] | undefined) =>
    withHosts(templates, hosts).map(({ whole }) => whole);
  const fileUrls = wholeOf(rule.purge.fileUrls);
  const dirUrls = wholeOf(rule.purge.dirUrls);
  const regexPatterns = wholeOf(rule.purge.regexPatterns);
  const dir = (url: string): PurgeEntry => ({ kind: 'dir', url, ...scope });
  const isFixed = (template: string) => !/\{\+?[A-Za-z_]/.test(template);
  return [
    ...fileUrls.map((template): Swept => {
      const fixed: PurgeEntry = { kind: 'file', url: encodeLiteral(template), ...scope };
      return { template, swept: [isFixed(template) ? fixed : dir(below(template, /\{/))] };
    }),
    ...dirUrls.map((template): Swept => {
      return { template, swept: [dir(isFixed(template) ? encodeLiteral(template) : below(template, /\{/))] };
    }),
    ...regexPatterns.map((template): Swept => {
      if (isFixed(template))
        return { template, swept: [{ kind: 'regex', pattern: encodeLiteral(template), ...scope }] };
      // A regex cannot be cut anywhere, but what is literal in it is a path.
      const url = below(
        template,
        /[\\^$.*+?()[\]{}|](?=[^/]*(\/|$))/,
        template.indexOf('/', template.indexOf('://') + 3),
      );
      const urls = url.startsWith('any:') ? [`http${url.slice(3)}`, `https${url.slice(3)}`] : [url];
      return { template, swept: urls.map(dir) };
    }),
  ];
}

/** All that is below the last slash before the first match after `from`. */
function below(template: string, stop: RegExp, from = 0): string {
  const start = Math.max(from, 0);
  const at = template.slice(start).search(stop);
  const literal = encodeLiteral(at < 0 ? template : template.slice(0, start + at)).replace(/\?.*$/s, '');
  return `${literal.slice(0, literal.lastIndexOf('/') + 1)}**`;
}
