import { compileExplanations, compileRules } from '../../../functions/core/mapping/compile-rules.ts';
import { type MappedChange, mapChanges } from '../../../functions/core/mapping/map-changes.ts';
import { purgeByPrefix } from '../../../functions/core/mapping/purge-by-prefix.ts';
import type { MappingConfig, MappingResult, RuleExplanation } from '../../../functions/core/mapping/rule.ts';
import { entryText } from '../../../functions/core/model/entry-text.ts';
import type { ObjectFilter } from '../../../functions/core/model/objects/object-filter.ts';
import { type ChangeReference, referenceTo } from '../../../functions/core/model/purge-message.ts';
import type { OriginChange } from '../../../functions/core/model/types.ts';
import {
  bodyOf,
  type PurgeRequestBody,
  settledBy,
} from '../../../functions/core/planning/planned-request.ts';
import { type CostOfChanges, costOfChanges, type Plan } from './cost-of-changes.ts';
import { deleteHints } from './delete-hints.ts';
import type { ExplainedPurger } from './purger/explained-purger.ts';
import { notWatched } from './purger/watched-objects.ts';
import type { Input } from './read-input.ts';
import { slashHints } from './slash-hints.ts';
import { type SpellingCost, spellingCosts } from './spelling-costs.ts';

/** A rule's explanation, with hints at likely mistakes. */
export type HintedExplanation = RuleExplanation & {
  readonly hints?: readonly string[];
  /** What each spelling of its URLs costs, where they have several. */
  readonly spellings?: readonly SpellingCost[];
};

/** What would happen to one change. */
export interface ChangeExplanation {
  readonly change: ChangeReference & {
    readonly locale?: string;
    readonly removedVersion?: string;
    /** It counts only if its entry is remembered as public. */
    readonly onlyIfRemembered?: true;
    /** It does not say which entries changed, so that what rules can make of any is purged by prefix. */
    readonly affectsAllEntries?: true;
  };
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
export interface Explanation extends Omit<CostOfChanges, 'plans'> {
  /** Whether any rule matches any of the changes. */
  readonly matched: boolean;
  readonly changes: readonly ChangeExplanation[];
  readonly remarks: readonly string[];
  /** Records that would be moved to the dead letter queue, with the reason. */
  readonly notUnderstood: readonly string[];
  /** Webhooks that would be refused, with the reason. */
  readonly refused: readonly string[];
  readonly purges: readonly ExplainedRequests[];
}

/** Explains changes with the code that the functions run: the rules, and the plan of requests. */
export function explain(
  { changes, remarks, notUnderstood = [], refused = [] }: Input,
  purger: ExplainedPurger,
): Explanation {
  const { mapping, watched } = purger;
  const rules = compileRules(mapping);
  const explainRules = compileExplanations(mapping);
  const mapped = mapChanges(changes, rules).map((each) => byPrefix(each, mapping));
  const explained = mapped.map(({ change, mapping, newer }) => ({
    change: {
      ...referenceTo(change),
      ...('locale' in change && change.locale ? { locale: change.locale } : {}),
      ...('removedVersion' in change && change.removedVersion
        ? { removedVersion: change.removedVersion }
        : {}),
      ...('onlyIfRemembered' in change && change.onlyIfRemembered ? { onlyIfRemembered: true as const } : {}),
      ...('affectsAllEntries' in change && change.affectsAllEntries
        ? { affectsAllEntries: true as const }
        : {}),
    },
    ...(newer === undefined ? {} : { overtakenBy: referenceTo(newer) }),
    ...unwatched(change, watched),
    rules: withHints(explainRules(change), change, purger),
    mapping,
  }));
  const matched = explained.some(({ mapping }) => mapping.rules.length > 0);
  const arriving = mapped.filter((_, index) => explained[index]?.notWatched === undefined);
  const { plans, ...cost } = costOfChanges(arriving, purger);
  return {
    matched,
    changes: explained,
    remarks,
    notUnderstood,
    refused,
    purges: plans.map(explainPlan),
    ...cost,
  };
}

function withHints(
  explanations: readonly RuleExplanation[],
  change: OriginChange,
  { mapping, limits }: ExplainedPurger,
): readonly HintedExplanation[] {
  return mapping.rules.flatMap((rule, index): readonly HintedExplanation[] => {
    const explanation = explanations[index];
    if (explanation === undefined) return [];
    if (!explanation.matched) return [explanation];
    const hints = [...slashHints(rule, explanation, change), ...deleteHints(explanation.entries)];
    const spellings = spellingCosts(rule, explanation.entries, change, mapping, limits.tokenUnit);
    return [
      { ...explanation, ...(hints.length > 0 && { hints }), ...(spellings.length > 0 && { spellings }) },
    ];
  });
}

/** A change that does not say which entries changed is mapped as `receive-webhook` maps it. */
function byPrefix(mapped: MappedChange, config: MappingConfig): MappedChange {
  const { change } = mapped;
  if (!('affectsAllEntries' in change) || !change.affectsAllEntries) return mapped;
  const mapping = purgeByPrefix(config, change);
  return { ...mapped, mapping, schedule: mapping.schedule };
}

function explainPlan({ delaySeconds, requests }: Plan): ExplainedRequests {
  const covered = requests.flatMap((request) => {
    const sent = new Set(request.entries);
    return settledBy(request).filter((entry) => !sent.has(entry));
  });
  return {
    delaySeconds,
    requests: requests.map(bodyOf),
    ...(covered.length > 0 ? { covered: covered.map(({ entry }) => entryText(entry)) } : {}),
  };
}

function unwatched(
  change: OriginChange,
  watched: readonly ObjectFilter[],
): Pick<ChangeExplanation, 'notWatched'> {
  const reason = notWatched(change, watched);
  return reason === undefined ? {} : { notWatched: reason };
}
