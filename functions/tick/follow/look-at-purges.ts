import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { PurgeReader, Reading, SendOptions } from '../../cdn-pro/client.ts';
import { mostInPage, type PurgePage } from '../../cdn-pro/tasks.ts';
import { isAskedById, isLate } from '../../core/following/asking.ts';
import type { Observation } from '../../core/following/decide-purge.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import { askInSlot } from '../ask-in-slot.ts';
import type { FollowPorts } from './follow-ports.ts';

/** A tick asks so many times at most: together 5% of the requests of CDN Pro's window. */
const mostAsked = 3;
/** Of these, so many for pages of the list. */
const mostPages = 2;
/** A purge may be submitted so long before it is accepted, in milliseconds: the request's time, and clocks that differ. */
const submittedBeforeMs = 30_000;
/** The most that clocks are taken to differ, and the list's times are in whole seconds. */
const clockDifferenceMs = 3_000;
/** Shorter waits for a slot are not worth a look at the clock. */
const shortestWaitMs = 200;

/** Asks CDN Pro how far purges are. */
export interface PurgeLook {
  /**
   * @param purges those that are asked for, the ones accepted first in front
   * @param deadlineMs after this, nothing more is asked, in milliseconds
   * @returns what CDN Pro has said, by purge ID, and which were not asked for since there are too many; nothing of those of which
   *   it has said nothing
   */
  lookAt(purges: readonly OpenPurge[], deadlineMs: number): Promise<ReadonlyMap<string, Observation>>;
}

/** What the list has said. */
interface Listed {
  readonly observations: ReadonlyMap<string, Observation>;
  /** Up to when all purges that were submitted are among them, in milliseconds; missing where CDN Pro did not answer. */
  readonly untilMs?: number;
  readonly asked: number;
}

/** @returns up to when all purges are in a page or one before it, in milliseconds; undefined where it does not say so */
function untilOf({ rows, lastSubmittedMs }: PurgePage): number | undefined {
  if (rows < mostInPage) return Number.POSITIVE_INFINITY;
  return lastSubmittedMs === undefined ? undefined : lastSubmittedMs - clockDifferenceMs;
}

/** @returns a look that remembers which purges it asks for one by one: a function that has just started finds out anew */
export function createPurgeLook(ports: FollowPorts): PurgeLook {
  const { nowMs, log } = ports;
  /** When purges were last asked for by their IDs, or were found to take too long. */
  const askedMs = new Map<string, number>();

  /** @returns undefined where there was no slot, or no answer that can be used */
  async function ask<Value>(
    what: string,
    send: (options: SendOptions) => Promise<Reading<Value>>,
    deadlineMs: number,
  ): Promise<Value | undefined> {
    for (;;) {
      const asked = await askInSlot(send, ports);
      if (asked.kind === 'asked') {
        const { value, status, requestId } = asked.reading;
        if (value === undefined) log.warn(followEvents.purgesUnread, { what, status, requestId });
        return value;
      }
      const waitMs = Math.max(shortestWaitMs, asked.untilMs - nowMs());
      if (nowMs() + waitMs >= deadlineMs) return undefined;
      await ports.sleep(waitMs);
    }
  }

  /** Lists purges from the oldest one on that is not asked for one by one. */
  async function list(purges: readonly OpenPurge[], api: PurgeReader, deadlineMs: number): Promise<Listed> {
    const oldest = purges.find(({ purgeId }) => !askedMs.has(purgeId));
    const newestMs = purges.at(-1)?.acceptedMs ?? 0;
    const observations = new Map<string, Observation>();
    if (oldest === undefined) return { observations, untilMs: Number.NEGATIVE_INFINITY, asked: 0 };
    const fromMs = oldest.acceptedMs - submittedBeforeMs;
    let untilMs = Number.NEGATIVE_INFINITY;
    let asked = 0;
    while (asked < mostPages && untilMs < newestMs) {
      const offset = asked * mostInPage;
      const page = await ask('list', (options) => api.purges({ fromMs, offset }, options), deadlineMs);
      asked++;
      if (page === undefined) return { observations, asked };
      for (const [purgeId, observation] of page.observations) observations.set(purgeId, observation);
      untilMs = untilOf(page) ?? untilMs;
    }
    return { observations, untilMs, asked };
  }

  /** @returns the purges to ask for by their IDs, those first that were not asked for the longest */
  function oneByOne(purges: readonly OpenPurge[], { observations, untilMs }: Listed): readonly OpenPurge[] {
    if (untilMs === undefined) return [];
    const lastMs = ({ purgeId }: OpenPurge) => askedMs.get(purgeId);
    const missing = purges.filter(
      (purge) =>
        !observations.has(purge.purgeId) && (lastMs(purge) !== undefined || purge.acceptedMs <= untilMs),
    );
    return missing
      .filter((purge) => isAskedById(purge, lastMs(purge), nowMs()))
      .sort((a, b) => (lastMs(a) ?? 0) - (lastMs(b) ?? 0));
  }

  return {
    async lookAt(purges, deadlineMs) {
      const followed = new Set(purges.map(({ purgeId }) => purgeId));
      for (const purgeId of askedMs.keys()) if (!followed.has(purgeId)) askedMs.delete(purgeId);
      if (purges.length === 0) return new Map();
      try {
        const api = await ports.cdnPro.prepare();
        const listed = await list(purges, api, deadlineMs);
        const observations = new Map(listed.observations);
        for (const purge of purges) {
          if (observations.has(purge.purgeId) && isLate(purge, nowMs())) askedMs.set(purge.purgeId, nowMs());
        }
        const toAsk = oneByOne(purges, listed).slice(0, mostAsked - listed.asked);
        if (listed.untilMs !== undefined) {
          const asked = new Set(toAsk);
          for (const purge of purges) {
            if (!observations.has(purge.purgeId) && !asked.has(purge)) {
              observations.set(purge.purgeId, { kind: 'unasked' });
            }
          }
        }
        for (const { purgeId } of toAsk) {
          askedMs.set(purgeId, nowMs());
          const observation = await ask(purgeId, (options) => api.purge(purgeId, options), deadlineMs);
          if (observation !== undefined) observations.set(purgeId, observation);
        }
        return observations;
      } catch (error) {
        // The ledger or the credentials could not be read.
        log.warn(followEvents.purgesUnread, { error: describeError(error) });
        return new Map();
      }
    },
  };
}
