import type { Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { type BudgetLoad, dayMs } from './loads.ts';
import type { BudgetOutcome } from './outcome.ts';
import { lenient, run } from './real-world.ts';

/** Days are so much shorter: all that lasts seconds or minutes then weighs the more. */
const faster = 8;

/**
 * Runs days of changes through the real `submit` and `tick`, with queues, tables and ticks around them.
 * @returns what it came to, at the times of the load
 */
export async function realDays(policy: string, load: BudgetLoad, quota: Tokens): Promise<BudgetOutcome> {
  const [first] = load.changes;
  const firstDayMs = Math.floor((first?.atMs ?? 0) / dayMs) * dayMs;
  const lastMs = load.changes.at(-1)?.atMs ?? 0;
  const outcome = await run({
    changes: load.changes.map(({ atMs, entry, change }) => ({
      atMs: (atMs - firstDayMs) / faster,
      url: entry.kind === 'regex' ? entry.pattern : entry.url,
      entry,
      reference: change,
    })),
    // What waits then has its token within as many days as the site has days of files.
    untilMs: (lastMs - firstDayMs + 6 * dayMs) / faster,
    configured: quota,
    hourMs: dayMs / 24 / faster,
    quota: { ...lenient, ...quota, dayMs: dayMs / faster },
  });
  const { acceptedMs, cdnPro, dead, posts } = outcome;
  return {
    policy,
    purgedMs: acceptedMs.map((atMs) => atMs * faster + firstDayMs),
    spent: cdnPro.spent.map(({ atMs, files, dirs }) => ({ atMs: atMs * faster + firstDayMs, files, dirs })),
    requests: posts,
    rejected: dead.length,
  };
}
