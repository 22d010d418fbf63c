import type { Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { type BudgetLoad, dayMs } from './loads.ts';

/** What CDN Pro counts at a time. */
export interface Spending extends Tokens {
  readonly atMs: number;
}

/** What a policy came to under a load. */
export interface BudgetOutcome {
  readonly policy: string;
  /** When each change was purged, by its index, in milliseconds; NaN where it never was. */
  readonly purgedMs: Float64Array;
  /** In the order of their times. */
  readonly spent: readonly Spending[];
  readonly requests: number;
  /** Good URLs in the dead letter queue. */
  readonly rejected: number;
  /** URLs that a directory has purged although nothing had changed. */
  readonly unchanged?: number;
  /** Changes of files whose purge came by a directory in their place. */
  readonly converted?: number;
}

/** Ages in milliseconds, from a change to its purge. */
export interface Ages {
  readonly count: number;
  readonly mean: number;
  readonly p99: number;
  readonly max: number;
}

/** @returns how old the changes became that are chosen */
export function agesOf(
  { changes }: BudgetLoad,
  purgedMs: Float64Array,
  isChosen: (change: BudgetLoad['changes'][number]) => boolean,
): Ages {
  const ages = changes.flatMap((change, index) =>
    isChosen(change) ? [(purgedMs[index] ?? Number.NaN) - change.atMs] : [],
  );
  const inOrder = Float64Array.from(ages, (age) =>
    Number.isNaN(age) ? Number.POSITIVE_INFINITY : age,
  ).sort();
  const quantile = (share: number) =>
    inOrder[Math.min(inOrder.length - 1, Math.floor(inOrder.length * share))] ?? Number.NaN;
  return {
    count: inOrder.length,
    mean: inOrder.reduce((sum, age) => sum + age, 0) / inOrder.length,
    p99: quantile(0.99),
    max: quantile(1),
  };
}

/** @returns the most that was spent in any 24 hours, each kind for itself: counted here, not by the code under test */
export function mostInADay(spent: readonly Spending[]): Tokens {
  const most = { files: 0, dirs: 0 };
  const now = { files: 0, dirs: 0 };
  let first = 0;
  for (const { atMs, files, dirs } of spent) {
    now.files += files;
    now.dirs += dirs;
    for (let old = spent[first]; old !== undefined && old.atMs <= atMs - dayMs; old = spent[++first]) {
      now.files -= old.files;
      now.dirs -= old.dirs;
    }
    most.files = Math.max(most.files, now.files);
    most.dirs = Math.max(most.dirs, now.dirs);
  }
  return most;
}
