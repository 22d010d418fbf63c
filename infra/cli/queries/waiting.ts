import type { Parked, ParkedKind } from '../../../functions/aws/tables/parked-table.ts';
import type { Limits, LimitsState } from '../../../functions/core/limits/limits.ts';
import type { ParkReason } from '../../../functions/core/limits/send-or-park.ts';
import { strictestLimits } from '../../../functions/core/limits/shared-limit.ts';
import { doneByMs } from '../../../functions/core/limits/tokens/done-by.ts';
import { freshQuota, quotaOf } from '../../../functions/core/limits/tokens/quota.ts';
import { entryText } from '../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../functions/core/model/group-by.ts';
import { lanes } from '../../../functions/core/model/lanes.ts';
import type { Header, Lane, Target } from '../../../functions/core/model/types.ts';
import { createDecisions } from '../../../functions/tick/decide.ts';
import { type NextCommand, shellArgument } from '../next.ts';
import type { QueueCounts } from '../purger/queues/queues.ts';
import type { QuotaReport } from './quota.ts';

/** What waits. Times are ISO 8601. */
export interface WaitingReport {
  /** For slots of the rate limit: seconds to minutes. */
  readonly queue: QueueCounts;
  /** S3's events before `receive-s3`. */
  readonly inbox: QueueCounts;
  /** For tokens of the day, the lane that goes first first. */
  readonly lanes: readonly WaitingLane[];
  readonly urls: readonly WaitingUrl[];
}

/** What waits for one kind of tokens in one lane. */
export interface WaitingLane {
  readonly lane: Lane;
  readonly target: Target;
  readonly kind: ParkedKind;
  readonly count: number;
  /** How many wait for which reason; the next tick releases those that have none. */
  readonly reasons: Readonly<Partial<Record<ParkReason, number>>>;
  /** When the oldest of their changes happened. */
  readonly since: string;
  /** When the last of them will have its token, if nothing new goes before it; missing where nobody knows. */
  readonly doneBy?: string;
}

/** One URL or pattern that waits. */
export interface WaitingUrl {
  readonly url: string;
  readonly kind: 'file' | 'dir' | 'regex';
  readonly action: 'invalidate' | 'delete';
  /** Those that the cache key depends on; missing where there are none. */
  readonly headers?: readonly Header[];
  readonly lane: Lane;
  readonly target: Target;
  readonly since: string;
  /** Missing where the next tick releases it. */
  readonly reason?: ParkReason;
  /** The change that it is to be purged for. */
  readonly change?: string;
  /** The purge that has completed, where this is a second purge of the same change: see {@link isSecondPurge}. */
  readonly repeats?: string;
}

/** @returns whether something waits to be purged once more, after a purge of the same change that has completed */
export function isSecondPurge({ repeats, repair = 0 }: Pick<Parked, 'repeats' | 'repair'>): boolean {
  return repeats !== undefined && repair === 0;
}

/** @returns what waits, by lane and URL by URL */
export function waitingReport(
  queues: { readonly buffer: QueueCounts; readonly inbox: QueueCounts },
  parked: readonly Parked[],
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): WaitingReport {
  return { queue: queues.buffer, inbox: queues.inbox, ...parkedReport(parked, state, limits, nowMs) };
}

/** @returns what waits for tokens of the day, by lane and URL by URL */
export function parkedReport(
  parked: readonly Parked[],
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): Pick<WaitingReport, 'lanes' | 'urls'> {
  const doneBy = forecast(state, limits, nowMs);
  const reasons = waitReasons(parked, state, limits, nowMs);
  const inOrder = lanes.flatMap((lane) => parked.filter((each) => each.lane === lane));
  const groups = groupBy(inOrder, ({ lane, entry }) => JSON.stringify([lane, entry.target, kindOf(entry)]));
  const before = new Map<string, number>();
  return {
    lanes: [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { lane, entry } = first;
      const kind = kindOf(entry);
      const queue = `${entry.target} ${kind}`;
      const position = (before.get(queue) ?? 0) + group.length;
      before.set(queue, position);
      const endMs = doneBy(entry.target, kind, lane, position);
      const sinceMs = group.reduce((oldest, each) => Math.min(oldest, each.sinceMs), first.sinceMs);
      return {
        lane,
        target: entry.target,
        kind,
        count: group.length,
        reasons: countReasons(group, reasons),
        since: iso(sinceMs),
        ...(endMs !== undefined && { doneBy: iso(endMs) }),
      };
    }),
    urls: inOrder.map((each) => {
      const reason = reasons.get(each);
      return { ...waitingUrl(each), ...(reason !== undefined && { reason }) };
    }),
  };
}

/** @returns why each of these waits, as the next tick decides it; what it releases has no reason */
export function waitReasons(
  parked: readonly Parked[],
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): ReadonlyMap<Parked, ParkReason> {
  const { park } = createDecisions(state, limits, nowMs).take(parked);
  return new Map(park.map(({ item, reason }) => [item, reason]));
}

/**
 * @param lane that of what waits
 * @returns the lane in which a file that is purged by hand would have its token now; undefined where it would wait, too
 */
export function soonerLane(
  lane: Lane,
  { files: { people, takedown } }: Pick<QuotaReport, 'files'>,
): 'people' | 'takedown' | undefined {
  if (lane === 'takedown') return undefined;
  if (people > 0) return 'people';
  return takedown > 0 ? 'takedown' : undefined;
}

function countReasons(
  parked: readonly Parked[],
  reasons: ReadonlyMap<Parked, ParkReason>,
): WaitingLane['reasons'] {
  const counts: Partial<Record<ParkReason, number>> = {};
  for (const each of parked) {
    const reason = reasons.get(each);
    if (reason !== undefined) counts[reason] = (counts[reason] ?? 0) + 1;
  }
  return counts;
}

/** @returns what is parked, as it is shown */
export function waitingUrl(item: Parked): WaitingUrl {
  const { entry, lane, sinceMs, change, repeats } = item;
  return {
    url: entryText(entry),
    kind: entry.kind,
    action: entry.action,
    ...(entry.kind === 'file' && entry.headers !== undefined && { headers: entry.headers }),
    lane,
    target: entry.target,
    since: iso(sinceMs),
    ...(change !== undefined && { change: change.id }),
    ...(repeats !== undefined && isSecondPurge(item) && { repeats }),
  };
}

/**
 * @param own the target that is purged by hand
 * @returns how to purge later what was cancelled; what waited for another target, or for a version by headers, cannot be
 *   purged by hand
 */
export function stepsAfterCancel(cancelled: readonly WaitingUrl[], own: Target): readonly NextCommand[] {
  const byHand = cancelled.filter(({ target, headers }) => target === own && headers === undefined);
  return [...groupBy(byHand, ({ action }) => action)].map(([action, group]) => {
    const urls = [...new Set(group.map(argumentOf))].map(shellArgument).join(' ');
    return [
      `purge ${urls}${action === 'delete' ? ' --delete' : ''}`,
      'to purge it later; with skipUnchanged, the same content uploaded again is left out',
    ];
  });
}

/** As `purge` reads it: a pattern of one scheme looks like a file. */
function argumentOf({ url, kind }: WaitingUrl): string {
  return kind === 'regex' && !url.startsWith('any://') ? `regex:${url}` : url;
}

/** @returns when the one at a position of a queue will have its token, in milliseconds */
function forecast(state: LimitsState, limits: Limits, nowMs: number) {
  const { quota, tokenUnit } = strictestLimits(state.window, limits);
  return (target: Target, kind: ParkedKind, lane: Lane, position: number): number | undefined => {
    const own = state.quotas[target] ?? freshQuota;
    // Where a token is a request, the next one takes along what waits.
    const rank = tokenUnit === 'url' ? position : 1;
    return doneByMs({
      state: own,
      quota: quotaOf(own, quota[target]),
      lane,
      kind,
      position: rank,
      nowMs,
    });
  };
}

function kindOf({ kind }: Parked['entry']): ParkedKind {
  return kind === 'file' ? 'files' : 'dirs';
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
