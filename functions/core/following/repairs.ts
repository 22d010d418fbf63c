import { priceOf } from '../limits/price.ts';
import {
  covers,
  freshQuota,
  minus,
  noTokens,
  plus,
  type QuotaState,
  spend,
  spentTokens,
  type Tokens,
} from '../limits/tokens/quota.ts';
import { entryKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import { writeMessages } from '../model/messages/combined-messages.ts';
import { messageVersion, type PurgeMessage } from '../model/purge-message.ts';
import type { Target } from '../model/types.ts';
import type { FollowedPurge } from './followed-purge.ts';

/** The tokens that repairs have spent, by target. */
export type RepairsSpent = Readonly<Partial<Record<Target, QuotaState>>> & {
  /**
   * For which purges, by their IDs, while the journal does not have their repairs yet: a tick may end in between. Without
   * numbers where an older version has written it down.
   */
  readonly reserved?: Readonly<Record<string, Reserved | 'all' | 'named'>>;
};

/** What a repair spends, and whether that is for what its purge names alone. */
interface Reserved extends Tokens {
  readonly namedAlone?: true;
}

/** The share of the day's tokens that repairs may spend of what some servers have left out, or were seen to have old. */
const repairShare = 0.05;
/** What was asked for is sent again so many times at most. */
export const mostRepairs = 3;
/** CDN Pro does not say which URLs some servers have left out: a purge of more is not sent again for a few of them. */
const mostUrls = 50;

/**
 * @returns the tokens that it costs at most to send messages again: each of their bodies may come to another request, where
 *   what was covered before is purged by itself
 */
export function priceOfAgain(messages: readonly PurgeMessage[]): Tokens {
  const again = messages.map(({ tries: _, rejected: __, covered: ___, ...message }) => message);
  // The parts of a message that is too large for one body have no entry in common.
  const bodies = groupBy(writeMessages(again), ({ indices }) => indices.join());
  const prices = [...bodies.values()].map(([{ indices }]) => {
    const entries = indices.flatMap((index) => again[index]?.entries ?? []);
    return priceOf([...new Map(entries.map((entry) => [entryKey(entry), entry])).values()], 'url');
  });
  return prices.reduce(plus, { files: 0, dirs: 0 });
}

/**
 * @param messages that a purge settles
 * @returns the tokens that it costs at most to send again what the purge names, without what was covered; undefined where
 *   nothing was, or not all that it names can be sent again: something that was covered might be purged by nothing then
 */
export function priceOfNamed(
  messages: readonly PurgeMessage[],
  { urls, ...purge }: Named & Pick<FollowedPurge, 'urls'>,
): Tokens | undefined {
  if (messages.every(({ covered = 0 }) => covered === 0)) return undefined;
  const named = namedIn(messages, purge);
  const entries = new Map(
    named.flatMap((message) => message.entries).map((entry) => [entryKey(entry), entry]),
  );
  const isWhole = covers(priceOf([...entries.values()], 'url'), urls);
  const isLast = named.some(({ repair = 0 }) => repair >= mostRepairs);
  return isWhole && !isLast ? priceOfAgain(named) : undefined;
}

type Named = Pick<FollowedPurge, 'instead' | 'lane' | 'repair'>;

/** @returns messages with what a purge names, without what that covers */
export function namedIn(
  messages: readonly PurgeMessage[],
  { instead = [], lane, repair }: Named,
): readonly PurgeMessage[] {
  const named = messages.map(({ covered = 0, ...message }) => {
    return { ...message, entries: message.entries.slice(0, message.entries.length - covered) };
  });
  const unasked: PurgeMessage = { v: messageVersion, entries: instead, lane, repair };
  return [...named, unasked].filter(({ entries }) => entries.length > 0);
}

/** Whether entries may be sent again, and what the repairs have spent then; or why they may not. */
export type Repair =
  | {
      readonly kind: 'allowed';
      readonly spent: RepairsSpent;
      /** Only what the purge names may be: there are too few tokens for what was covered. */
      readonly namedAlone?: true;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * @param why some servers have left entries out, CDN Pro has lost the purge, or files were seen to be old
 * @returns whether the URLs of a purge, or some of them, may be sent again
 */
export function reserveRepair(
  {
    purgeId,
    repair,
    urls,
    again = urls,
    againNamed,
    target,
  }: Pick<FollowedPurge, 'purgeId' | 'repair' | 'urls' | 'again' | 'againNamed' | 'target'>,
  why: 'partial' | 'lost' | 'stale',
  spent: RepairsSpent,
  quota: Tokens,
  nowMs: number,
): Repair {
  if (repair >= mostRepairs) return { kind: 'refused', reason: `repaired ${repair} times` };
  // No server has obeyed: its entries wait for tokens like any change.
  if (why === 'lost') return { kind: 'allowed', spent };
  const count = urls.files + urls.dirs;
  if (why === 'partial' && count > mostUrls) {
    return { kind: 'refused', reason: `${count} URLs, more than the ${mostUrls} that are repaired whole` };
  }
  const known = spent.reserved?.[purgeId];
  const reserved: Reserved = typeof known === 'object' ? known : noTokens;
  const isNamedAlone = reserved.namedAlone === true && why === 'partial';
  // More files may have been seen to be old since.
  if (isNamedAlone || covers(reserved, again)) {
    return { kind: 'allowed', spent, ...(isNamedAlone && { namedAlone: true }) };
  }
  const state = spent[target] ?? freshQuota;
  const share = { files: Math.ceil(quota.files * repairShare), dirs: Math.ceil(quota.dirs * repairShare) };
  const left = minus(share, spentTokens(state, nowMs));
  const spending = (price: Tokens, own: Reserved) => ({
    ...spent,
    [target]: spend(state, price, nowMs),
    reserved: { ...spent.reserved, [purgeId]: own },
  });
  const more = beyond(again, reserved);
  if (covers(left, more)) return { kind: 'allowed', spent: spending(more, plus(reserved, more)) };
  if (againNamed !== undefined && covers(left, againNamed)) {
    return {
      kind: 'allowed',
      spent: spending(againNamed, { ...againNamed, namedAlone: true }),
      namedAlone: true,
    };
  }
  return { kind: 'refused', reason: `repairs have used their ${repairShare * 100}% of the day's tokens` };
}

function beyond(price: Tokens, reserved: Tokens): Tokens {
  const { files, dirs } = minus(price, reserved);
  return { files: Math.max(0, files), dirs: Math.max(0, dirs) };
}

/**
 * @param open all purges that are followed
 * @returns what the repairs have spent, without reservations of which the journal has the repair, or none is to come
 */
export function withoutDone(
  spent: RepairsSpent,
  open: readonly Pick<FollowedPurge, 'purgeId' | 'state'>[],
): RepairsSpent {
  const { reserved = {}, ...tokens } = spent;
  const purging = new Set(open.flatMap(({ purgeId, state }) => (state.kind === 'purging' ? [purgeId] : [])));
  const all = Object.entries(reserved);
  const left = all.filter(([purgeId]) => purging.has(purgeId));
  if (left.length === all.length) return spent;
  return { ...tokens, ...(left.length > 0 && { reserved: Object.fromEntries(left) }) };
}
