import type { Unfollowed } from '../../../../functions/aws/journal/unfollowed-notes.ts';
import type { Parked } from '../../../../functions/aws/tables/parked-table.ts';
import { entryKey } from '../../../../functions/core/model/entry-key.ts';
import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import type { PurgeEntry } from '../../../../functions/core/model/types.ts';
import { type CacheKey, cacheKeyWith } from '../../../../functions/core/planning/cache-key.ts';
import { fixedPart } from '../../../../functions/core/planning/wildcard.ts';
import {
  changeMs,
  isScheduledAgain,
  newestOf,
  type Step,
  stepsOf,
  type UrlFacts,
  type UrlState,
} from './steps.ts';
import { isCoveredBy, type UrlMatch } from './url-match.ts';

/** What is waited for: only changes since a time count. */
export type Wanted =
  /** All that changed, or what of it is under a prefix of URLs. */
  | { readonly kind: 'changes'; readonly sinceMs: number; readonly under?: string }
  /** That each of these files has changed, too. */
  | { readonly kind: 'urls'; readonly sinceMs: number; readonly urls: ReadonlyMap<string, UrlMatch> }
  /** What was purged by hand, by the keys of the entries. */
  | { readonly kind: 'entries'; readonly sinceMs: number; readonly entries: ReadonlyMap<string, PurgeEntry> };

/** How far: `queued` is what was purged by hand, and is seen nowhere but in the queue. */
export type AwaitedState = UrlState | 'queued';

/** How far one thing is that is waited for. */
export interface Awaited {
  /** The URL or pattern. */
  readonly url: string;
  readonly state: AwaitedState;
  readonly reason?: string;
}

/** What is waited for is looked for in, and how CDN Pro's cache tells URLs apart. */
export interface AwaitedFacts extends UrlFacts {
  readonly cacheKey?: CacheKey;
  /** Purges that are not in the journal; missing where there are none. */
  readonly unfollowed?: Unfollowed;
}

/** @returns how far each thing is that is waited for; `unknown` or `queued` where nothing is seen of it */
export function awaitedOf(wanted: Wanted, facts: AwaitedFacts): readonly Awaited[] {
  switch (wanted.kind) {
    case 'urls':
      return [...wanted.urls].map(([url, match]) => stateSince(url, wanted.sinceMs, facts, match));
    case 'entries':
    case 'changes': {
      const { under } = wanted.kind === 'changes' ? wanted : {};
      const matches = (entry: PurgeEntry) => under === undefined || isUnder(entry, under);
      const every = stepsOf(facts, { matches: () => true });
      const coversOf = findCovers(every, facts.cacheKey);
      const all = groupBy(
        every.filter(({ entry }) => matches(entry)),
        ({ key }) => key,
      );
      const since = [...all].map(
        ([key, steps]) => [key, steps.filter(({ changedMs }) => changedMs >= wanted.sinceMs)] as const,
      );
      const groups = new Map(since.filter(([, steps]) => steps.length > 0));
      const keys = wanted.kind === 'entries' ? wanted.entries.keys() : groups.keys();
      const awaited = [...keys].flatMap((key) => {
        const own = groups.get(key) ?? [];
        const entry = own[0]?.entry ?? (wanted.kind === 'entries' ? wanted.entries.get(key) : undefined);
        if (entry === undefined) return [];
        const others = [...(all.get(key) ?? []), ...coversOf(own)];
        return [{ url: entryText(entry), ...(newestUntilLast(own, others) ?? queuedOnly) }].map(withoutTime);
      });
      if (wanted.kind === 'entries') return awaited;
      return [...awaited, ...lettersSince(wanted.sinceMs, facts), ...unfollowedSince(wanted.sinceMs, facts)];
    }
  }
}

/**
 * What a directory covered may have been purged again by that directory alone.
 * @param all wherever an entry is
 * @returns what finds those that cover an entry's superseded purges, and came later
 */
function findCovers(all: readonly Step[], cacheKey?: CacheKey): (own: readonly Step[]) => readonly Step[] {
  const keyOf = cacheKeyWith(cacheKey ?? {});
  const groupOf = ({ entry }: Step) => (entry.kind === 'file' ? keyOf(entry.url) : '');
  const groups = groupBy(all, groupOf);
  return (own) => {
    const replaced = own.filter(({ state }) => state === 'superseded');
    const [last] = replaced.toSorted((a, b) => b.atMs - a.atMs);
    if (last === undefined) return [];
    const { entry, key, atMs, seenOldMs = atMs } = last;
    const near = new Set([groupOf(last), '']);
    return [...near]
      .flatMap((group) => groups.get(group) ?? [])
      .filter(
        (step) => step.key !== key && step.atMs > seenOldMs && isCoveredBy(entry, step.entry, cacheKey),
      );
  };
}

/**
 * Dead letters that name no URL: an event that could not be processed, or a change of which no URL is valid. Where they
 * belong nobody knows, so that they count under any prefix.
 */
function lettersSince(sinceMs: number, { letters }: UrlFacts): readonly Awaited[] {
  return letters
    .filter(({ urls, sentAt }) => urls.length === 0 && Date.parse(sentAt) >= sinceMs)
    .map(({ change = 'a dead letter without a URL', reason }) => ({ url: change, state: 'failed', reason }));
}

/** Purges of which only their IDs are known: what they are of nobody knows, so that they count under any prefix, too. */
function unfollowedSince(sinceMs: number, { unfollowed }: AwaitedFacts): readonly Awaited[] {
  if (unfollowed === undefined || unfollowed.lastMs < sinceMs) return [];
  const reason = 'it could not be written into the journal, so that nobody knows how it ends: see status';
  return [{ url: `purge ${unfollowed.purgeIds.at(-1)}`, state: 'failed', reason }];
}

/** @returns whether something that is parked is among what is waited for */
export function isAwaited(wanted: Wanted, { entry, change, sinceMs }: Parked): boolean {
  if ((changeMs(change) ?? sinceMs) < wanted.sinceMs) return false;
  switch (wanted.kind) {
    case 'urls':
      return [...wanted.urls.values()].some(({ matches }) => matches(entry));
    case 'entries':
      return wanted.entries.has(entryKey(entry));
    case 'changes':
      return wanted.under === undefined || isUnder(entry, wanted.under);
  }
}

const unseen = { state: 'unknown' } as const;
const queuedOnly = { state: 'queued' } as const;

function stateSince(url: string, sinceMs: number, facts: UrlFacts, match: UrlMatch): Awaited {
  const newest = newestUntilLast(stepsOf(facts, match));
  if (newest === undefined || newest.changedMs < sinceMs) return { url, ...unseen };
  return withoutTime({ url, ...newest });
}

/** The first purge of several that a rule makes may have come too early: that is why it makes others. */
function newestUntilLast(...steps: Parameters<typeof newestOf>): ReturnType<typeof newestOf> {
  const newest = newestOf(...steps);
  if (newest?.state !== 'completed' || !isScheduledAgain(newest.own)) return newest;
  return { ...newest, state: 'waiting', reason: 'its rule has it purged once more' };
}

function withoutTime({ url, state, reason }: Awaited): Awaited {
  return { url, state, ...(reason !== undefined && { reason }) };
}

/** @returns whether an entry may purge something under a prefix of URLs */
function isUnder(entry: PurgeEntry, prefix: string): boolean {
  // What a pattern matches is not compared with a prefix: rather one is waited for in vain.
  if (entry.kind === 'regex') return true;
  const own = schemeless(entry.kind === 'dir' ? fixedPart(entry.url) : entry.url);
  const wanted = schemeless(prefix);
  return own.startsWith(wanted) || (entry.kind === 'dir' && wanted.startsWith(own));
}

function schemeless(url: string): string {
  return url.replace(/^https?:/, '');
}

/** How far everything is. */
export interface AwaitedReport {
  /** `done`: all of it is completed or fresh. `nothing`: nothing has changed. */
  readonly outcome: 'done' | 'failed' | 'nothing' | 'waiting';
  /** How many are in each state. */
  readonly counts: Readonly<Partial<Record<AwaitedState, number>>>;
  /** Messages in the queues, of which nobody knows what they are about. */
  readonly queued: number;
  /** Those that are not completed or fresh. */
  readonly open: readonly Awaited[];
}

/** @returns how far everything is that is waited for */
export function awaitedReport(
  wanted: Wanted,
  facts: AwaitedFacts & { readonly queued: number },
): AwaitedReport {
  const all = awaitedOf(wanted, facts);
  const open = all.filter(({ state }) => state !== 'completed' && state !== 'fresh');
  // Where all that is wanted is known, what else is in the queues does not matter.
  const queued = wanted.kind === 'changes' ? facts.queued : 0;
  const counts: Partial<Record<AwaitedState, number>> = {};
  for (const { state } of all) counts[state] = (counts[state] ?? 0) + 1;
  return { outcome: outcomeOf(all, open, queued), counts, queued, open };
}

function outcomeOf(
  all: readonly Awaited[],
  open: readonly Awaited[],
  queued: number,
): AwaitedReport['outcome'] {
  // What was only observed is never purged: to wait for it would be in vain.
  if (open.some(({ state }) => state === 'failed' || state === 'observed')) return 'failed';
  if (open.length + queued > 0) return 'waiting';
  return all.length === 0 ? 'nothing' : 'done';
}
