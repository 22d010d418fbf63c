import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { type MappedChange, mapChanges } from '../../functions/core/mapping/map-changes.ts';
import type { MappingResult, RuleExplanation } from '../../functions/core/mapping/rule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import { groupBy } from '../../functions/core/model/group-by.ts';
import { describeKeys, matchesFilter, type ObjectFilter } from '../../functions/core/model/object-filter.ts';
import { type ChangeReference, referenceTo } from '../../functions/core/model/purge-message.ts';
import type { OriginChange } from '../../functions/core/model/types.ts';
import { planRequests } from '../../functions/core/planning/plan.ts';
import { bodyOf, type PurgeRequestBody, settledBy } from '../../functions/core/planning/planned-request.ts';
import type { PurgerConfig } from '../settings/purger-config.ts';
import { defaultSettings } from '../settings/settings.ts';
import type { Input } from './read-input.ts';
import { slashHints } from './slash-hints.ts';

/** A rule's explanation, with hints at likely mistakes. */
export type HintedExplanation = RuleExplanation & { readonly hints?: readonly string[] };

/** What would happen to one change. */
export interface ChangeExplanation {
  readonly change: ChangeReference & { readonly locale?: string };
  /** A newer change of the same object in the same event, which decides what is done. */
  readonly overtakenBy?: ChangeReference;
  /** Why the change would not even arrive. */
  readonly notWatched?: string;
  readonly rules: readonly HintedExplanation[];
  readonly mapping: MappingResult;
}

/** Purge requests that would go out together. */
export interface ExplainedRequests {
  /** Seconds after the change, without the time in the queue and for the rate limit. */
  readonly delaySeconds: number;
  readonly requests: readonly PurgeRequestBody[];
  /** Entries that need not be sent, since others cover them. */
  readonly covered?: readonly string[];
}

/** What would happen to an event. */
export interface Explanation {
  /** Whether any rule matches any of the changes. */
  readonly matched: boolean;
  readonly changes: readonly ChangeExplanation[];
  readonly remarks: readonly string[];
  readonly purges: readonly ExplainedRequests[];
}

/** Explains changes with the code that the functions run: the rules, and the plan of requests. */
export function explain({ changes, remarks }: Input, config: PurgerConfig): Explanation {
  const rules = compileRules(config);
  const mapped = mapChanges(changes, rules);
  const explained = mapped.map(({ change, mapping, newer }) => ({
    change: {
      ...referenceTo(change),
      ...('locale' in change && change.locale ? { locale: change.locale } : {}),
    },
    ...(newer === undefined ? {} : { overtakenBy: referenceTo(newer) }),
    ...notWatched(change, config),
    rules: withHints(rules.explain(change), change, config),
    mapping,
  }));
  const matched = explained.some(({ mapping }) => mapping.rules.length > 0);
  const arriving = mapped.filter((_, index) => explained[index]?.notWatched === undefined);
  return { matched, changes: explained, remarks, purges: purgesOf(arriving, config) };
}

function withHints(
  explanations: readonly RuleExplanation[],
  change: OriginChange,
  { rules }: PurgerConfig,
): readonly HintedExplanation[] {
  return rules.flatMap((rule, index) => {
    const explanation = explanations[index];
    if (explanation === undefined) return [];
    const hints = slashHints(rule, explanation, change);
    return [hints.length === 0 ? explanation : { ...explanation, hints }];
  });
}

function purgesOf(
  changes: readonly MappedChange[],
  {
    maxFileUrls = defaultSettings.maxFileUrls,
    maxBodyBytes = defaultSettings.maxBodyBytes,
  }: Pick<PurgerConfig, 'maxFileUrls' | 'maxBodyBytes'>,
): readonly ExplainedRequests[] {
  const scheduled = changes.flatMap(({ schedule }) => schedule).filter(({ entries }) => entries.length > 0);
  const byDelay = groupBy(scheduled, ({ delaySeconds }) => delaySeconds);
  return [...byDelay]
    .sort(([a], [b]) => a - b)
    .map(([delaySeconds, group]) => {
      const planned = planRequests(
        group.map(({ entries }) => entries),
        { maxFileUrls, maxBodyBytes },
      );
      const covered = planned.flatMap((request) => {
        const sent = new Set(request.entries);
        return settledBy(request).filter((entry) => !sent.has(entry));
      });
      return {
        delaySeconds,
        requests: planned.map(bodyOf),
        ...(covered.length > 0 ? { covered: covered.map(({ entry }) => entryText(entry)) } : {}),
      };
    });
}

/** The reason why a change of an object would not arrive; none where it would. */
function notWatched(
  change: OriginChange,
  { buckets = [], topics = [], queues = [] }: PurgerConfig,
): { readonly notWatched?: string } {
  if (!('key' in change)) return {};
  const watched: readonly ObjectFilter[] = [
    ...buckets.map(({ name, ...keys }) => ({ bucket: name, ...keys })),
    ...topics,
    ...queues,
  ];
  if (matchesFilter(change, watched)) return {};
  const named = watched.filter(({ bucket = change.bucket }) => bucket === change.bucket);
  if (named.length === 0) return { notWatched: `no bucket "${change.bucket}" is watched` };
  return { notWatched: `only ${named.map(describeKeys).join(' or ')} are watched` };
}
