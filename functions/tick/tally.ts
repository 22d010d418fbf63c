import type { Parked } from '../aws/tables/parked-table.ts';
import type { ParkReason } from '../core/limits/send-or-park.ts';
import { doneByMs } from '../core/limits/tokens/done-by.ts';
import { isSpentUnknown } from '../core/limits/tokens/quota.ts';
import { senderOfTarget, type TokenKind } from '../core/limits/tokens/senders.ts';
import { lanes } from '../core/model/lanes.ts';
import type { Lane, Target } from '../core/model/types.ts';
import type { Measure } from '../lambda/metrics.ts';
import type { Decisions } from './decide.ts';

interface Queue {
  readonly target: Target;
  readonly kind: TokenKind;
  /** How many wait for a token. */
  readonly counts: Map<Lane, number>;
}

/** Counts what goes on waiting. */
export interface Tally {
  add(item: Parked, reason: ParkReason): void;
  /** Whether nothing was counted. */
  readonly isEmpty: boolean;
  /** The senders of which something waits for a token, by its kind. */
  readonly senders: Readonly<Record<TokenKind, ReadonlySet<string>>>;
  /** Measures what waits, and until when. */
  measure(decisions: Decisions, measure: Measure, nowMs: number): void;
}

/** What has no token of its lane whatever comes back has no time by which it is done, and the metric has to be a number. */
const neverMs = 30 * 24 * 60 * 60 * 1000;
/** A purge by prefix that waits for its allowance of a day has it by then, in milliseconds. */
const longestByPrefixMs = 24 * 60 * 60 * 1000;

/** @returns a tally of nothing */
export function createTally(): Tally {
  const counts = new Map<Lane, number>();
  const oldestMs = new Map<Lane, number>();
  let oldestByPrefixMs = Number.POSITIVE_INFINITY;
  const senders = { files: new Set<string>(), dirs: new Set<string>() };
  const queues = new Map<string, Queue>();

  function addToQueue(item: Parked): void {
    const { entry, lane } = item;
    const kind = kindOf(item);
    const key = `${entry.target} ${kind}`;
    const queue = queues.get(key) ?? { target: entry.target, kind, counts: new Map() };
    queues.set(key, queue);
    queue.counts.set(lane, (queue.counts.get(lane) ?? 0) + 1);
  }

  return {
    senders,
    get isEmpty() {
      return counts.size === 0;
    },
    add(item, reason) {
      const { lane, sender, sinceMs } = item;
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
      // What is held waits on purpose, for more changes.
      if (reason === 'hold') return;
      oldestMs.set(lane, Math.min(oldestMs.get(lane) ?? sinceMs, sinceMs));
      if (reason === 'prefix') {
        oldestByPrefixMs = Math.min(oldestByPrefixMs, sinceMs);
        return;
      }
      addToQueue(item);
      if (sender !== undefined) senders[kindOf(item)].add(senderOfTarget(sender, item.entry.target));
    },
    measure(decisions, measure, nowMs) {
      for (const lane of lanes) {
        measure('ParkedEntries', counts.get(lane) ?? 0, { lane });
        measure('OldestParkedSeconds', secondsUntil(nowMs, oldestMs.get(lane)), { lane });
      }
      const ends = [...queues.values()].map((queue) => endOf(queue, decisions, nowMs));
      if (ends.includes(undefined)) return;
      // One of them may wait for more than tokens; a whole host is never purged.
      if (nowMs - oldestByPrefixMs >= longestByPrefixMs) ends.push(nowMs + neverMs);
      const lastMs = Math.max(nowMs, ...ends.map((endMs) => endMs ?? nowMs));
      measure('DoneBySeconds', (lastMs - nowMs) / 1000);
    },
  };
}

function kindOf({ entry }: Parked): TokenKind {
  return entry.kind === 'file' ? 'files' : 'dirs';
}

function secondsUntil(nowMs: number, sinceMs: number | undefined): number {
  return sinceMs === undefined ? 0 : Math.max(0, nowMs - sinceMs) / 1000;
}

/** @returns when the last in a queue will have its token, in milliseconds; undefined where nobody knows */
function endOf({ target, kind, counts }: Queue, decisions: Decisions, nowMs: number): number | undefined {
  const { quotaState, quota } = decisions.quotaOf(target);
  const lastLane = lanes.findLast((lane) => counts.has(lane)) ?? 'bulk';
  const count = [...counts.values()].reduce((sum, each) => sum + each, 0);
  // Where a token is a request, the next one takes along what waits.
  const position = decisions.tokenUnit === 'url' ? count : 1;
  const endMs = doneByMs({ state: quotaState, quota, lane: lastLane, kind, position, nowMs });
  return endMs ?? (isSpentUnknown(quotaState, nowMs) ? undefined : nowMs + neverMs);
}
