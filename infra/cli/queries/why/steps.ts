import { hashOf } from '../../../../functions/aws/journal/purge-recorder.ts';
import type { CarriedMessage } from '../../../../functions/aws/journal/url-index.ts';
import type { Parked } from '../../../../functions/aws/tables/parked-table.ts';
import type { FollowedPurge, PurgeState } from '../../../../functions/core/following/followed-purge.ts';
import { entryKey, fileKey, headersKey } from '../../../../functions/core/model/entry-key.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import { readMessages } from '../../../../functions/core/model/messages/combined-messages.ts';
import type { ChangeReference, PurgeMessage } from '../../../../functions/core/model/purge-message.ts';
import { withNewestShows } from '../../../../functions/core/model/shows.ts';
import type { FileEntry, PurgeEntry, Shows } from '../../../../functions/core/model/types.ts';
import type { DeadLetter } from '../dead/dead-letters.ts';
import type { UrlMatch } from './url-match.ts';

/** How far a change of a URL has come. */
export type UrlState = PurgeState['kind'] | 'waiting' | 'unknown';

/** A purge as the journal has it, with what it settled. */
export interface SettledPurge extends FollowedPurge {
  readonly messages: readonly CarriedMessage[];
}

/** Where one entry that purges the URL was seen. */
export interface Step {
  readonly change?: ChangeReference;
  /** When that happened, in milliseconds. */
  readonly changedMs: number;
  readonly entry: PurgeEntry;
  /** The same for entries that ask for the same purge. */
  readonly key: string;
  /** When it came there, in milliseconds. */
  readonly atMs: number;
  readonly state: UrlState;
  readonly reason?: string;
  /** Whether it was purged before for the same change, and nothing was wrong with that, so that this comes in addition. */
  readonly isRepeat: boolean;
  /** Whether its rule has it purged once more, for the same change. */
  readonly isScheduledAgain: boolean;
  /** Whether CDN Pro has accepted a purge of it, or had before: a dead letter may be what CDN Pro refused. */
  readonly isAccepted: boolean;
  /** Whether it is purged again since something went wrong with a purge before. */
  readonly isRepair: boolean;
  /** When CDN Pro had finished the purge, in milliseconds. */
  readonly finishedMs?: number;
  /** The same of one after which it was seen to be old. */
  readonly seenOldMs?: number;
}

/** What a URL's entries are looked for in. */
export interface UrlFacts {
  readonly purges: readonly SettledPurge[];
  readonly parked: readonly Parked[];
  readonly letters: readonly DeadLetter[];
}

/** @returns each place in which an entry is that purges the URL, as far as it can be seen */
export function stepsOf(
  { purges, parked, letters }: UrlFacts,
  { matches }: Pick<UrlMatch, 'matches'>,
): readonly Step[] {
  const steps = (
    message: Pick<PurgeMessage, 'change' | 'entries' | 'repeats' | 'repair' | 'scheduledAgain'>,
    seen: Pick<Step, 'atMs' | 'state' | 'reason' | 'isAccepted' | 'finishedMs'>,
    changedMs = seen.atMs,
    stale?: Stale,
  ): readonly Step[] =>
    message.entries.filter(matches).map((entry) => ({
      ...(message.change !== undefined && { change: message.change }),
      changedMs: changeMs(message.change) ?? changedMs,
      entry,
      key: entryKey(entry),
      isRepeat: message.repeats !== undefined && (message.repair ?? 0) === 0,
      isScheduledAgain: message.scheduledAgain === true,
      ...(isProvable(entry) ? seen : unproven(seen)),
      ...(seen.finishedMs !== undefined && { finishedMs: seen.finishedMs }),
      isAccepted: seen.isAccepted || message.repeats !== undefined || (message.repair ?? 0) > 0,
      isRepair: (message.repair ?? 0) > 0,
      ...(stale !== undefined && (isStale(entry, stale) ? { seenOldMs: stale.finishedMs } : besidesStale)),
    }));
  return [
    ...purges.flatMap(({ messages, acceptedMs, state }) => {
      const { finishedMs = acceptedMs } = state;
      const isAccepted = state.kind !== 'observed';
      const seen = { atMs: acceptedMs, isAccepted, finishedMs, ...seenOf(state) };
      const stale = state.stale && { hashes: new Set(state.stale), finishedMs };
      return messages.flatMap((message) => steps(message, seen, acceptedMs, stale));
    }),
    ...letters.flatMap(({ body, sentAt, reason }) => {
      const seen = { atMs: Date.parse(sentAt), isAccepted: false, state: 'failed', reason } as const;
      return readMessages(body).flatMap((read) => (read.kind === 'message' ? steps(read.message, seen) : []));
    }),
    // It is removed once it is purged: what waits has been purged for an older change only.
    ...parked.flatMap(({ entry, sinceMs, ...own }) =>
      steps({ ...own, entries: [entry] }, { ...whileParked, isAccepted: false }, sinceMs),
    ),
  ];
}

const whileParked = { atMs: Number.POSITIVE_INFINITY, state: 'waiting' } as const;

/** CDN Pro has finished the whole purge: what was not seen to be old is not sent again for what was. */
const besidesStale = {
  state: 'completed',
  reason: 'not proven: another file of its purge was seen to be old',
} as const;

/** What of a purge was seen to be old, by hashes, after CDN Pro had finished it. */
interface Stale {
  readonly hashes: ReadonlySet<string>;
  readonly finishedMs: number;
}

function isStale(entry: PurgeEntry, { hashes }: Stale): boolean {
  return entry.kind === 'file' && hashes.has(hashOf(fileKey(entry)));
}

/** What was found out at the edge of a purge is about its other files. */
function unproven({ atMs, state, reason }: Pick<Step, 'atMs' | 'state' | 'reason'>) {
  if (isDone({ state }))
    return { atMs, state: 'completed', reason: 'not proven: nothing tells what it should show' } as const;
  return { atMs, state, ...(reason !== undefined && { reason }) };
}

/** @returns whether an entry says which version its file should show */
export function isProvable(entry: PurgeEntry): entry is FileEntry & { readonly shows: Shows } {
  return entry.kind === 'file' && entry.shows !== undefined;
}

function seenOf({ kind, reason }: PurgeState): Pick<Step, 'state' | 'reason'> {
  return { state: kind, ...(reason !== undefined && { reason }) };
}

/** @returns when a change happened, in milliseconds; undefined where it does not say */
export function changeMs(change: ChangeReference | undefined): number | undefined {
  const atMs = Date.parse(change?.occurredAt ?? '');
  return Number.isNaN(atMs) ? undefined : atMs;
}

/** The worst first: what one URL needs several purges for is as far as the slowest of them. */
const worstFirst: readonly UrlState[] = [
  'unknown',
  'failed',
  'observed',
  'waiting',
  'partial',
  'purging',
  'superseded',
  'completed',
  'fresh',
];

/**
 * @param all those of older changes, too, which may take the place of these
 * @returns how far the newest change is that the steps are of; undefined where there is none
 */
export function newestOf(
  steps: readonly Step[],
  all: readonly Step[] = steps,
):
  | {
      readonly changedMs: number;
      readonly state: UrlState;
      readonly reason?: string;
      /** Its steps. */
      readonly own: readonly Step[];
    }
  | undefined {
  if (steps.length === 0) return undefined;
  const happenedMs = happenedMsIn(steps);
  const newestMs = steps.reduce(
    (newest, step) => Math.max(newest, happenedMs(step)),
    Number.NEGATIVE_INFINITY,
  );
  const own = steps.filter((step) => happenedMs(step) === newestMs);
  const state = seenOldAfter(own, all) ?? stateOf(own, all);
  return { changedMs: Math.max(...own.map(({ changedMs }) => changedMs)), own, ...state };
}

/**
 * An older change may have been seen to be old when the purges of the newest one were finished, as where that one has purged
 * a directory: servers have not done what CDN Pro says.
 * @returns how far the older one is; undefined where that is not so, or it was purged again since
 */
function seenOldAfter(
  own: readonly Step[],
  all: readonly Step[],
): Pick<Step, 'state' | 'reason'> | undefined {
  if (stateOf(own, all).state !== 'completed') return undefined;
  const finishedMs = own.reduce(
    (last, step) => Math.max(last, step.finishedMs ?? step.atMs),
    Number.NEGATIVE_INFINITY,
  );
  const others = groupBy(all, ({ change, key }) => JSON.stringify([change, key]));
  const isOver = ({ seenOldMs = Number.NEGATIVE_INFINITY, entry }: Step) =>
    seenOldMs < finishedMs ||
    all.some((step) => isDone(step) && step.atMs > seenOldMs && doesAsMuch(step.entry, entry));
  const last = all
    .filter((step) => !isOver(step))
    .flatMap(({ change, key }) => lastOf(others.get(JSON.stringify([change, key])) ?? [], all) ?? [])
    .find((step) => !isDone(step));
  return last && { state: last.state, ...(last.reason !== undefined && { reason: last.reason }) };
}

function isDone({ state }: Pick<Step, 'state'>): boolean {
  return state === 'completed' || state === 'fresh';
}

/** @returns whether, of an entry of one change, the last purge that its rule makes is still to come */
export function isScheduledAgain(own: readonly Step[]): boolean {
  const purges = groupBy(
    own.filter(({ isRepeat }) => !isRepeat),
    ({ change, key }) => JSON.stringify([change, key]),
  );
  return [...purges.values()].some((each) => each.every((step) => step.isScheduledAgain));
}

/**
 * @returns when changes happened, as far as their order goes: by their sources' clocks, which may be ahead, and not after
 * they were purged
 */
export function happenedMsIn(steps: readonly Step[]): (step: Step) => number {
  const firstMs = new Map<string, number>();
  for (const { change, atMs } of steps) {
    const key = JSON.stringify(change);
    firstMs.set(key, Math.min(atMs, firstMs.get(key) ?? Number.POSITIVE_INFINITY));
  }
  return ({ change, changedMs }) =>
    change === undefined ? changedMs : Math.min(changedMs, firstMs.get(JSON.stringify(change)) ?? changedMs);
}

/**
 * @param own the steps of one change
 * @param all those of others, too: a later purge may have taken the place of its own
 * @returns how far the change is
 */
export function stateOf(own: readonly Step[], all: readonly Step[]): Pick<Step, 'state' | 'reason'> {
  const last = [...groupBy(own, ({ key }) => key).values()].map((each) => knownOf(lastOf(each, all), each));
  const [worst] = last.toSorted((a, b) => worstFirst.indexOf(a.state) - worstFirst.indexOf(b.state));
  const { state = 'unknown', reason } = worst ?? {};
  return { state, ...(reason !== undefined && { reason }) };
}

/** Of what was proven: that it is an older version than the one to show takes the proof away, and not that it was purged. */
function knownOf(last: Step | undefined, own: readonly Step[]): Pick<Step, 'state' | 'reason'> {
  if (last === undefined) return { state: 'unknown' };
  const toShow = own.reduce((entry, step) => withNewestShows(entry, step.entry), last.entry);
  const isTold = own.some(({ entry }) => isProvable(entry));
  const isSeen = isTold && versionIn(toShow) === versionIn(last.entry);
  return last.state === 'fresh' && !isSeen ? { state: 'completed', reason: otherVersion } : last;
}

const otherVersion = 'not proven: what was seen may be the version of an older change';

/** @returns the same string for the same version */
function versionIn(entry: PurgeEntry): string {
  if (!isProvable(entry)) return '';
  const { etag, gone, header } = entry.shows;
  return JSON.stringify([etag, gone, header?.name, header?.value]);
}

/**
 * What comes in addition to a purge that was finished may prove more. It takes nothing back while it is under way, but
 * where something went wrong with it: it may have seen an old version.
 */
function lastOf(own: readonly Step[], all: readonly Step[]): Step | undefined {
  const inOrder = own.toSorted((a, b) => a.atMs - b.atMs);
  const base = inOrder.findLast(({ isRepeat }) => !isRepeat) ?? inOrder.at(-1);
  if (base === undefined) return undefined;
  const additional = inOrder.slice(inOrder.indexOf(base) + 1);
  const last = additional.findLast(({ state }) => isWrong(state)) ?? base;
  if (last.state === 'completed') return additional.find(({ state }) => state === 'fresh') ?? last;
  return last.state === 'superseded' ? (replacedBy(last, all) ?? last) : last;
}

function isWrong(state: UrlState): boolean {
  return state === 'partial' || state === 'superseded' || state === 'failed';
}

/**
 * The last purge of the URL after one that is superseded: its own repair, or one of another change. What was seen to be old
 * may be so in spite of a purge that was under way already.
 */
function replacedBy({ atMs, seenOldMs = atMs, entry }: Step, all: readonly Step[]): Step | undefined {
  const isLater = (step: Step) => step.atMs > seenOldMs || (step.isRepair && step.atMs > atMs);
  const later = all.filter((step) => isLater(step) && doesAsMuch(step.entry, entry));
  return later.toSorted((a, b) => a.atMs - b.atMs).at(-1);
}

/** Of one URL, what invalidates it does not delete it, and a file is purged in one of its versions alone. */
function doesAsMuch(other: PurgeEntry, entry: PurgeEntry): boolean {
  if (entry.action === 'delete' && other.action !== 'delete') return false;
  if (other.kind !== 'file') return true;
  return entry.kind === 'file' && headersKey(other) === headersKey(entry);
}
