import { priceOf } from '../../../../functions/core/limits/price.ts';
import { defaultQuota, freshQuota, spendableTokens } from '../../../../functions/core/limits/tokens/quota.ts';
import { listOf, type Rule } from '../../../../functions/core/mapping/rule.ts';
import { withHosts } from '../../../../functions/core/mapping/urls/hosts.ts';
import type { PurgeEntry, Scope } from '../../../../functions/core/model/types.ts';
import { planRequests } from '../../../../functions/core/planning/plan.ts';
import { planningOf } from '../../planning-settings.ts';
import type { CompleteSettings } from '../../settings.ts';

/**
 * How many changes of a rule a day has at least: of a whole tree of objects, which is written by deployments, and of
 * single objects or a CMS's entries.
 */
const changesADay = { tree: 100, single: 10 };

/** @returns a warning for each rule that would spend the day's directories long before the day is over */
export function warnOfRules(settings: CompleteSettings): readonly string[] {
  return settings.rules.flatMap((rule, index) => {
    const target = rule.target ?? settings.target;
    const contract = settings.quota[target]?.dirs;
    const quota = contract ?? defaultQuota.dirs;
    const lane = rule.lane ?? 'people';
    const spendable = spendableTokens(freshQuota, { files: 0, dirs: quota }, lane, 0).dirs;
    const dirs = dirsOfChange(rule, settings);
    if (dirs * (isOfTree(rule) ? changesADay.tree : changesADay.single) <= spendable) return [];
    const name = rule.name === undefined ? `rules[${index}]` : `The rule "${rule.name}"`;
    const source = contract === undefined ? 'the default contract has' : `\`quota.${target}.dirs\` is`;
    const changes = Math.floor(spendable / dirs);
    return [
      `${name} takes ${counted(dirs, 'directory', 'directories')} of the day's quota for each change, and ${source} ` +
        `${quota}${contract === undefined ? ' directories a day' : ''}, of which its lane, ${lane}, may spend ${spendable}: ` +
        `${counted(changes, 'change', 'changes')} of this rule spend them. Name files instead, or set \`quota.${target}.dirs\` to what your contract has: docs/quota.md.`,
    ];
  });
}

/** How many directories and regexes one change of a rule costs, as the plan has it. */
function dirsOfChange(rule: Rule, settings: CompleteSettings): number {
  const { fileUrls, dirUrls, regexPatterns, variants = false, queries = [] } = rule.purge;
  const hosts = listOf(rule.purge.hosts);
  const scope: Scope = { target: rule.target ?? settings.target, action: rule.action ?? 'invalidate' };
  const dir = (url: string): PurgeEntry => ({ kind: 'dir', url, ...scope });
  const files = variants ? withHosts(fileUrls, hosts) : [];
  const entries = [
    ...files.flatMap(({ whole }) =>
      ['', ...queries].map((query) => dir(query ? `${whole}?${query}` : whole)),
    ),
    ...withHosts(dirUrls, hosts).map(({ whole }) => dir(whole)),
    ...withHosts(regexPatterns, hosts).map(
      ({ whole }): PurgeEntry => ({ kind: 'regex', pattern: whole, ...scope }),
    ),
  ];
  const planned = planRequests([entries], planningOf(settings)).map((request) =>
    priceOf(
      request.entries.map(({ entry }) => entry),
      settings.tokenUnit,
    ),
  );
  const times = rule.repeatAfterSeconds === undefined ? 1 : 2;
  return times * planned.reduce((sum, { dirs }) => sum + dirs, 0);
}

/** Whether a rule is for a whole tree of objects. */
function isOfTree({ match: { source, key } }: Rule): boolean {
  return source === 's3' && (key === undefined || listOf(key).some((pattern) => pattern.includes('{+')));
}

function counted(count: number, one: string, several: string): string {
  return `${count} ${count === 1 ? one : several}`;
}
