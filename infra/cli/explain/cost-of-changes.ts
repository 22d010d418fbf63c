import { type TokenUnit, unusedLimits } from '../../../functions/core/limits/limits.ts';
import { priceOf } from '../../../functions/core/limits/price.ts';
import { defaultQuota, noTokens, plus, type Tokens } from '../../../functions/core/limits/tokens/quota.ts';
import type { MappedChange } from '../../../functions/core/mapping/map-changes.ts';
import { entryKey } from '../../../functions/core/model/entry-key.ts';
import { groupBy } from '../../../functions/core/model/group-by.ts';
import { filesPerRequest, requestsToSpare } from '../../../functions/core/planning/files-per-request.ts';
import { packRequests } from '../../../functions/core/planning/pack.ts';
import { fewestEntries, withoutDuplicates } from '../../../functions/core/planning/plan.ts';
import type { PlannedRequest } from '../../../functions/core/planning/planned-request.ts';
import type { ExplainedPurger } from './purger/explained-purger.ts';

/** What some changes cost. */
export interface CostOfChanges {
  readonly plans: readonly Plan[];
  /** What it takes from the day's quota. */
  readonly tokens: Tokens;
  /** What a second purge takes in addition, once the first has completed and while tokens are plentiful. */
  readonly secondPurge: Tokens;
  /** What a day has. */
  readonly quota: Tokens;
  /** How many purge requests it takes, without a second purge. */
  readonly requests: number;
}

/** Requests that are planned together. */
export interface Plan {
  readonly delaySeconds: number;
  readonly requests: readonly PlannedRequest[];
}

/** @returns what changes cost, planned as `submit` does where nobody else has sent anything lately */
export function costOfChanges(
  changes: readonly Pick<MappedChange, 'schedule'>[],
  purger: Pick<ExplainedPurger, 'mapping' | 'limits' | 'planning'>,
): CostOfChanges {
  const { mapping, limits } = purger;
  const plans = plansOf(changes, purger);
  const requests = plans.flatMap(({ requests }) => requests);
  const sum = (prices: readonly Tokens[]) => prices.reduce(plus, noTokens);
  const last = lastDelays(changes);
  const repeated = plans.flatMap(({ delaySeconds, requests }) =>
    requests.map(({ entries }) => ({
      entries: entries.filter(
        ({ entry }) => last.get(entryKey(entry))?.has(delaySeconds) && entry.kind === 'file',
      ),
    })),
  );
  return {
    plans,
    quota: { ...defaultQuota, ...limits.quota[mapping.target] },
    tokens: sum(requests.map((request) => priceIn(request, limits.tokenUnit))),
    secondPurge: sum(repeated.map((request) => priceIn(request, limits.tokenUnit))),
    requests: requests.length,
  };
}

/** By entry, the delays that are the last ones of a change: of what a rule has purged twice, the last purge is repeated. */
function lastDelays(
  changes: readonly Pick<MappedChange, 'schedule'>[],
): ReadonlyMap<string, ReadonlySet<number>> {
  const all = new Map<string, Set<number>>();
  for (const { schedule } of changes) {
    const own = new Map<string, number>();
    for (const { delaySeconds, entries } of schedule) {
      for (const entry of entries)
        own.set(entryKey(entry), Math.max(delaySeconds, own.get(entryKey(entry)) ?? 0));
    }
    for (const [key, delaySeconds] of own) all.set(key, (all.get(key) ?? new Set()).add(delaySeconds));
  }
  return all;
}

function plansOf(
  changes: readonly Pick<MappedChange, 'schedule'>[],
  { limits, planning }: Pick<ExplainedPurger, 'limits' | 'planning'>,
): readonly Plan[] {
  const left = requestsToSpare(unusedLimits(limits, 0), limits, 0);
  const scheduled = changes.flatMap(({ schedule }) => schedule).filter(({ entries }) => entries.length > 0);
  const byDelay = groupBy(scheduled, ({ delaySeconds }) => delaySeconds);
  return [...byDelay]
    .sort(([a], [b]) => a - b)
    .map(([delaySeconds, group]) => {
      const entries = fewestEntries(withoutDuplicates(group.map(({ entries }) => entries)), planning);
      const files = entries.filter(({ entry }) => entry.kind === 'file').length;
      const maxFileUrls = filesPerRequest(files, left, planning.maxFileUrls);
      return { delaySeconds, requests: packRequests(entries, { ...planning, maxFileUrls }) };
    });
}

function priceIn({ entries }: PlannedRequest, unit: TokenUnit): Tokens {
  return priceOf(
    entries.map(({ entry }) => entry),
    unit,
  );
}
