import { compileRules } from '../../../../functions/core/mapping/compile-rules.ts';
import { type MappedChange, mapChanges } from '../../../../functions/core/mapping/map-changes.ts';
import type { MappingProblem } from '../../../../functions/core/mapping/rule.ts';
import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import type { ObjectChange } from '../../../../functions/core/model/types.ts';
import { type CostOfChanges, costOfChanges } from '../cost-of-changes.ts';
import { isWild } from '../delete-hints.ts';
import type { ExplainedPurger } from '../purger/explained-purger.ts';
import { notWatched } from '../purger/watched-objects.ts';

/** Objects, by their IDs: `s3://bucket/key`. */
type Objects = readonly string[];

/** What would happen to many objects. */
export interface ManyExplained extends Omit<CostOfChanges, 'plans'> {
  readonly objects: number;
  /** Objects that no rule matches. */
  readonly unmatched: Objects;
  /** Objects whose events do not come. */
  readonly notWatched: readonly { readonly reason: string; readonly objects: Objects }[];
  /** URLs of objects that cannot be purged. */
  readonly refused: readonly (Pick<MappingProblem, 'rule' | 'template' | 'reason'> & {
    readonly object: string;
  })[];
  /** Objects that an exception leaves out of each rule. */
  readonly excepted: Objects;
  /** How many objects are purged. */
  readonly purged: number;
  /** How many objects each rule matches. */
  readonly rules: readonly { readonly rule: string; readonly objects: number }[];
  /** How many URLs, directories and patterns are purged. */
  readonly entries: number;
  /** Wildcards and patterns, and of how many objects each is purged. */
  readonly wildcards: readonly {
    readonly wildcard: string;
    readonly deletes: boolean;
    readonly objects: number;
  }[];
}

/** @returns what would happen to objects; of those that are purged, how many */
export function explainMany(changes: readonly ObjectChange[], purger: ExplainedPurger): ManyExplained {
  const { mapping, watched } = purger;
  const rules = compileRules(mapping);
  const byReason = groupBy(changes, (change) => notWatched(change, watched) ?? '');
  const mapped = mapChanges(byReason.get('') ?? [], rules);
  const matched = mapped.filter(({ mapping }) => mapping.rules.length > 0);
  const others = mapped.filter(({ mapping }) => mapping.rules.length === 0);
  const purged = matched.filter(({ mapping }) => mapping.entries.length > 0);
  const { plans, ...cost } = costOfChanges(purged, purger);
  return {
    objects: changes.length,
    unmatched: idsOf(others.filter(({ mapping }) => !mapping.isExcepted)),
    notWatched: [...byReason].flatMap(([reason, group]) =>
      reason === '' ? [] : [{ reason, objects: group.map(({ id }) => id) }],
    ),
    refused: matched.flatMap(({ change, mapping }) =>
      mapping.problems.map(({ rule, template, reason }) => ({ object: change.id, rule, template, reason })),
    ),
    excepted: idsOf(others.filter(({ mapping }) => mapping.isExcepted)),
    purged: purged.length,
    rules: countsOf(matched.flatMap(({ mapping }) => mapping.rules)).map(([rule, objects]) => ({
      rule,
      objects,
    })),
    entries: plans.flatMap(({ requests }) => requests.flatMap(({ entries }) => entries)).length,
    wildcards: wildcardsOf(purged),
    ...cost,
  };
}

function idsOf(mapped: readonly MappedChange[]): Objects {
  return mapped.map(({ change }) => change.id);
}

function countsOf(names: readonly string[]): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}

function wildcardsOf(mapped: readonly MappedChange[]): ManyExplained['wildcards'] {
  const all = mapped.flatMap(({ mapping }) => mapping.entries.filter(isWild));
  const deleted = new Set(all.filter(({ action }) => action === 'delete').map(entryText));
  return countsOf(all.map(entryText)).map(([wildcard, objects]) => ({
    wildcard,
    deletes: deleted.has(wildcard),
    objects,
  }));
}
