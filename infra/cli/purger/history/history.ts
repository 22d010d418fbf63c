import pMap from 'p-map';
import { keptMs } from '../../../../functions/aws/journal/url-index.ts';
import {
  createUrlSearch,
  daysBetween,
  type FoundPurge,
} from '../../../../functions/aws/journal/url-search.ts';
import { createJournal, type Journal } from '../../../../functions/aws/tables/journal-table.ts';
import type { FollowedPurge } from '../../../../functions/core/following/followed-purge.ts';
import { changeMs, type SettledPurge } from '../../queries/why/steps.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import type { Purger } from '../connect.ts';

/** What happened to purges, by URL and by time. */
export interface History {
  /** @returns the purges of a URL, the newest first: those that its newest change may be in, and some before */
  newestOf(match: UrlMatch): Promise<readonly SettledPurge[]>;
  /** @returns a purge as it is now; undefined where it is not known */
  purge(purgeId: string): Promise<FollowedPurge | undefined>;
  /** @returns all purges that were accepted since a time, 90 days ago at most, the newest first */
  since(fromMs: number, match?: UrlMatch): Promise<readonly SettledPurge[]>;
  /** @returns the first day (in UTC, as `2026-11-26`), of those looked at so far, that has purges, of whatever URLs */
  firstDay(): string | undefined;
}

/** Nearly always the newest change is found in so many milliseconds. */
const recentMs = 7 * 24 * 60 * 60_000;
/** AWS's clock may be ahead of this machine's by so much, in milliseconds: farther off, AWS refuses requests. */
export const clockSkewMs = 5 * 60_000;
/** So many purges are read at least, as far as there are. */
const fewest = 10;
/** So many of those that are followed are looked at. */
const mostOpen = 1000;
const concurrency = 16;

/** @returns the history of a purger's purges, as its journal has it */
export async function openHistory({ clients, tables }: Purger, nowMs: number): Promise<History> {
  const table = { client: await clients.dynamodb(), tableName: tables.journal, nowMs: () => nowMs };
  const journal = createJournal(table);
  const index = createUrlSearch(table);
  const untilMs = nowMs + clockSkewMs;
  let firstDay: string | undefined;

  async function findOn(
    day: string,
    match: UrlMatch | undefined,
    fromMs: number,
  ): Promise<readonly FoundPurge[]> {
    // Who looks each few seconds does not read all of the day.
    const { purges, isEmpty } = await index.find(day, match?.spellings, fromMs);
    if (!isEmpty && (firstDay === undefined || day < firstDay)) firstDay = day;
    return purges;
  }

  async function find(fromMs: number, toMs: number, match?: UrlMatch): Promise<readonly FoundPurge[]> {
    const days = daysBetween(fromMs, toMs);
    const found = await pMap(days, (day) => findOn(day, match, fromMs), { concurrency });
    const isMeant = ({ isNamed, wide }: FoundPurge) =>
      match === undefined || isNamed || wide.some((entry) => match.matches(entry));
    return found
      .flat()
      .filter((each) => each.acceptedMs >= fromMs && each.acceptedMs <= toMs && isMeant(each))
      .toSorted(newestFirst);
  }

  /** @returns the purges that are followed and not in the index: where it could not be written, nothing else knows them */
  async function notIndexed(found: readonly FoundPurge[], fromMs: number): Promise<readonly FoundPurge[]> {
    const known = new Set(found.map(({ purgeId }) => purgeId));
    const open = await journal.open(mostOpen);
    return open
      .filter(({ purgeId, acceptedMs }) => acceptedMs >= fromMs && !known.has(purgeId))
      .map(({ purgeId, acceptedMs }) => ({ purgeId, acceptedMs, isNamed: false, wide: [], messageIds: [] }));
  }

  /** @param mostPurges where there are so many, those that were accepted before the newest change are left out */
  async function settle(
    found: readonly FoundPurge[],
    match: UrlMatch | undefined,
    mostPurges: number,
  ): Promise<readonly SettledPurge[]> {
    const settled: SettledPurge[] = [];
    for (let start = 0; start < found.length; start += concurrency) {
      const part = found.slice(start, start + concurrency);
      const newestMs = settled.length < mostPurges ? 0 : newestChangeMs(settled, match);
      if (part.every(({ acceptedMs }) => acceptedMs < newestMs)) break;
      const read = await Promise.all(part.map((each) => readSettled(each, journal)));
      settled.push(...read.flatMap((purge) => (purge !== undefined && isOf(purge, match) ? [purge] : [])));
    }
    return settled;
  }

  return {
    async newestOf(match) {
      const recent = await settle(await find(nowMs - recentMs, untilMs, match), match, fewest);
      const newestMs = recent.length === 0 ? nowMs - keptMs : newestChangeMs(recent, match);
      if (newestMs >= nowMs - recentMs) return recent;
      const older = await find(Math.max(newestMs, nowMs - keptMs), nowMs - recentMs - 1, match);
      return [...recent, ...(await settle(older, match, fewest))];
    },
    purge: (purgeId) => journal.purge(purgeId),
    async since(fromMs, match) {
      const found = await find(Math.max(fromMs, nowMs - keptMs), untilMs, match);
      const left = await notIndexed(found, fromMs);
      return settle([...left, ...found].toSorted(newestFirst), match, Number.POSITIVE_INFINITY);
    },
    firstDay: () => firstDay,
  };
}

function newestFirst(a: FoundPurge, b: FoundPurge): number {
  return b.acceptedMs - a.acceptedMs;
}

async function readSettled(
  { purgeId, messageIds }: FoundPurge,
  journal: Pick<Journal, 'purge' | 'messages'>,
): Promise<SettledPurge | undefined> {
  const [purge, messages] = await Promise.all([journal.purge(purgeId), journal.messages(purgeId)]);
  if (purge === undefined) return undefined;
  const carried = messages.map((message, index) => {
    const messageId = messageIds[index] ?? '';
    return messageId === '' ? message : { ...message, messageId };
  });
  return { ...purge, messages: carried };
}

function isOf({ messages }: SettledPurge, match: UrlMatch | undefined): boolean {
  return match === undefined || messages.some(({ entries }) => entries.some(match.matches));
}

/** What no older purge can have had: a change happens before it is purged, whatever the clock of its source says. */
function newestChangeMs(settled: readonly SettledPurge[], match: UrlMatch | undefined): number {
  const times = settled.flatMap(({ messages, acceptedMs }) =>
    messages.flatMap(({ entries, change }) =>
      match === undefined || entries.some(match.matches)
        ? Math.min(changeMs(change) ?? acceptedMs, acceptedMs)
        : [],
    ),
  );
  return times.reduce((newest, ms) => Math.max(newest, ms), 0);
}
