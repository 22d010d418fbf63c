import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { lanes } from '../../../../functions/core/model/lanes.ts';
import type { PurgeMessage } from '../../../../functions/core/model/purge-message.ts';
import type { Lane } from '../../../../functions/core/model/types.ts';
import type { Surroundings } from '../../command.ts';
import type { UrlState } from '../../queries/why/steps.ts';
import type { Purger } from '../connect.ts';
import { openParked, readParked } from '../parked.ts';
import { countOf, readQueues } from '../queues/queues.ts';
import { readSqsClock } from '../queues/sqs-clock.ts';
import { openHistory } from './history.ts';
import { readLetters } from './url-facts.ts';

/** Something that has just happened. `at` is when it was seen, in ISO 8601. */
export type WatchEvent = { readonly at: string } & (
  | {
      /** `observed`: it would have been sent. */
      readonly event: 'accepted' | 'observed';
      readonly purgeId: string;
      /** The one that goes first of its lanes. */
      readonly lane: Lane;
      /** The lanes of its URLs. */
      readonly lanes: readonly Lane[];
      readonly urls: readonly string[];
      /** The IDs of the changes that it is for. */
      readonly changes: readonly string[];
    }
  | { readonly event: 'ended'; readonly purgeId: string; readonly state: UrlState; readonly reason?: string }
  | { readonly event: 'refused'; readonly reason: string; readonly urls: readonly string[] }
  /** Messages in the queues, and URLs that wait for tokens: whenever the numbers differ from before. */
  | { readonly event: 'waiting'; readonly queued: number; readonly parked: number }
);

/** How long to wait from one look to the next, in milliseconds. */
const pauseMs = 5_000;
/** How long dead letters are not read whose count stays the same, in milliseconds. */
const rereadMs = 60_000;
/** A purge may be written down so much later than it was accepted, in milliseconds. */
const lateMs = 60_000;
/** SQS's clock is read to a second. */
const clockStepMs = 1_000;

/** Gives what happens from now on, forever. */
export async function* watchPurges(
  purger: Purger,
  { nowMs, sleep }: Pick<Surroundings, 'nowMs' | 'sleep'>,
): AsyncGenerator<WatchEvent> {
  const startMs = await readSqsClock(await purger.clients.sqs(), purger.queues.deadLetters);
  // Purges and dead letters are dated by AWS's clock, and that of this machine may be wrong.
  const aheadMs = nowMs() - startMs;
  const looks = [
    createPurgesLook(purger, startMs - clockStepMs),
    createLettersLook(purger, startMs),
    createWaitingLook(purger),
  ];
  for (;;) {
    const at = new Date(nowMs()).toISOString();
    for (const look of looks) {
      for (const event of await look(nowMs() - aheadMs)) yield { at, ...event };
    }
    await sleep(pauseMs);
  }
}

type Unseen = WatchEvent extends infer Event ? (Event extends WatchEvent ? Omit<Event, 'at'> : never) : never;
type Look = (nowMs: number) => Promise<readonly Unseen[]>;

/** Sees purges once they are accepted, and once they have ended. */
function createPurgesLook(purger: Purger, startMs: number): Look {
  const open = new Set<string>();
  const seen = new Set<string>();
  let lookedMs = startMs;
  return async (nowMs) => {
    const history = await openHistory(purger, nowMs);
    // A look may take long, and this machine may have been suspended.
    const recent = await history.since(Math.max(startMs, Math.min(nowMs, lookedMs) - lateMs));
    lookedMs = nowMs;
    const accepted = recent.filter(({ purgeId }) => !seen.has(purgeId)).reverse();
    for (const { purgeId, state } of accepted) {
      seen.add(purgeId);
      if (state.kind !== 'observed') open.add(purgeId);
    }
    const events: Unseen[] = accepted.map(({ purgeId, lane, messages, state }) => ({
      event: state.kind === 'observed' ? 'observed' : 'accepted',
      purgeId,
      lane,
      lanes: lanesOf(messages),
      urls: [...new Set(messages.flatMap(({ entries }) => entries.map(entryText)))],
      changes: [...new Set(messages.flatMap(({ change }) => change?.id ?? []))],
    }));
    for (const purgeId of open) {
      const { state } = (await history.purge(purgeId)) ?? {};
      if (state === undefined || state.kind === 'purging' || state.kind === 'partial') continue;
      open.delete(purgeId);
      const { kind, reason } = state;
      events.push({ event: 'ended', purgeId, state: kind, ...(reason !== undefined && { reason }) });
    }
    return events;
  };
}

/** A message without a lane goes where people's do. */
function lanesOf(messages: readonly PurgeMessage[]): readonly Lane[] {
  const own = new Set(messages.map(({ lane = 'people' }) => lane));
  return lanes.filter((lane) => own.has(lane));
}

/**
 * Sees what comes into the dead letter queue. To read dead letters hides them from others for a moment: they are read where
 * their count has changed, and each minute, since one may come while another leaves or while somebody else has it in hand.
 */
function createLettersLook(purger: Purger, sinceMs: number): Look {
  const seen = new Set<string>();
  let count = 0;
  let hasSeenAll = false;
  let readMs = Number.NEGATIVE_INFINITY;
  return async (nowMs) => {
    const now = countOf((await readQueues(purger)).deadLetters);
    if (now === count && nowMs - readMs < rereadMs) return [];
    const { letters, lettersLeft } = await readLetters(purger);
    const unseen = letters.filter(({ id }) => !seen.has(id));
    // Until all were seen that there are, one that was there before may be unseen.
    const news = unseen.filter(({ sentAt }) => hasSeenAll || Date.parse(sentAt) > sinceMs);
    for (const { id } of unseen) seen.add(id);
    [count, readMs] = [now, nowMs];
    hasSeenAll ||= lettersLeft === 0;
    return news.map(({ reason, urls }) => ({ event: 'refused', reason, urls }));
  };
}

function createWaitingLook(purger: Purger): Look {
  let before = '';
  return async () => {
    const { buffer, inbox } = await readQueues(purger);
    const parked = (await readParked(await openParked(purger))).length;
    const event = { event: 'waiting', queued: countOf(buffer) + countOf(inbox), parked } as const;
    const now = JSON.stringify(event);
    if (now === before) return [];
    before = now;
    return [event];
  };
}
