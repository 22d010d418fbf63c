import { lanes } from '../model/lanes.ts';
import type { Lane, Target } from '../model/types.ts';
import type { Limits, LimitsState } from './limits.ts';
import { strictestLimits } from './shared-limit.ts';
import { failedSender } from './tokens/lane.ts';
import {
  freshQuota,
  holdMs,
  isSpentUnknown,
  minus,
  noTokens,
  plus,
  type QuotaState,
  quotaOf,
  spend,
  spendableTokens,
  type Tokens,
  tokensLeft,
} from './tokens/quota.ts';
import { prefixesLeft, senderIn, senderOfTarget, shareLeft } from './tokens/senders.ts';

/** One thing to purge, as far as the day's tokens are concerned. */
export interface TokenRequest {
  readonly kind: 'file' | 'dir' | 'regex';
  readonly target: Target;
  readonly lane: Lane;
  /** When the oldest of its changes happened, in milliseconds. */
  readonly sinceMs: number;
  /** The webhook or bucket that pays; undefined for what was asked for by hand. */
  readonly sender: string | undefined;
  /** A short hash of a directory or regex, by which it is known among those of the day. */
  readonly directory?: string;
  /** A purge by prefix that no user asked for, since a source could not say what changed. */
  readonly byPrefix?: 'directory' | 'whole host';
}

/** Why something has to wait for hours rather than seconds. */
export type ParkReason =
  /** The lane has no token left. */
  | 'tokens'
  /** Its sender has had half of the day's tokens, and others wait. */
  | 'share'
  /** Directories are getting short, and its oldest change is young: more changes may come that it would purge, too. */
  | 'hold'
  /** A purge by prefix beyond what one webhook may have a day. */
  | 'prefix';

/** What can be sent now, and what has to wait. */
export interface Affordable<Item> {
  readonly send: readonly Item[];
  readonly park: readonly { readonly item: Item; readonly reason: ParkReason }[];
}

/** What purges by prefix never touch: so many directories stay for those that somebody asked for. */
const dirsKeptFromPrefixes = 5;

/**
 * Decides what the day's tokens pay for: takedowns first, then people, then bulk, the oldest change first.
 * @param wanted says what an item is to the quota
 * @param limits as this deployment has them configured; what others declare in the state holds, too
 */
export function sendOrPark<Item>(
  items: readonly Item[],
  wanted: (item: Item) => TokenRequest,
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): Affordable<Item> {
  const send: Item[] = [];
  const park: { item: Item; reason: ParkReason }[] = [];
  const purse = openPurse(state, strictestLimits(state.window, limits), nowMs);
  const inOrder = items
    .map((item) => ({ item, wish: wanted(item) }))
    .sort(
      ({ wish: a }, { wish: b }) => lanes.indexOf(a.lane) - lanes.indexOf(b.lane) || a.sinceMs - b.sinceMs,
    );
  for (const { wish } of inOrder) purse.want(wish);
  for (const { item, wish } of inOrder) {
    const reason = purse.pay(wish);
    if (reason === undefined) send.push(item);
    else park.push({ item, reason });
  }
  return { send, park };
}

/** Keeps count of what one decision has given away. */
function openPurse(state: LimitsState, limits: Limits, nowMs: number) {
  const taken = new Map<Target, Tokens>();
  const takenBy = new Map<string, Tokens>();
  /** What each sender may take in all, by {@link senderOfTarget}. */
  const shares = new Map<string, Tokens>();
  const prefixesOf = new Map<string, number>();
  const dayAgoMs = nowMs - 24 * 60 * 60 * 1000;
  const directories = new Set(
    Object.entries(state.directories).flatMap(([hash, atMs]) => (atMs > dayAgoMs ? [hash] : [])),
  );
  const quotaIn = (target: Target): { readonly quotaState: QuotaState; readonly quota: Tokens } => {
    const quotaState = state.quotas[target] ?? freshQuota;
    return { quotaState, quota: quotaOf(quotaState, limits.quota[target]) };
  };

  function isHeld({ lane, sinceMs, sender, directory, target }: TokenRequest): boolean {
    if (directory === undefined || lane === 'takedown' || sender === undefined) return false;
    const { quotaState, quota } = quotaIn(target);
    // Several that are decided on together would otherwise go as if there were one.
    const spent = spend(quotaState, taken.get(target) ?? noTokens, nowMs);
    return nowMs - sinceMs < holdMs(spent, quota, directories.size, nowMs);
  }

  function isPrefixTooMany({ byPrefix, sender, target }: TokenRequest): boolean {
    if (byPrefix === undefined || sender === undefined) return false;
    const { quotaState, quota } = quotaIn(target);
    const known = isSpentUnknown(quotaState, nowMs) ? noTokens : tokensLeft(quotaState, quota, nowMs);
    const left = known.dirs - (taken.get(target) ?? noTokens).dirs;
    const used = prefixesOf.get(sender) ?? 0;
    return (
      byPrefix === 'whole host' ||
      left <= dirsKeptFromPrefixes ||
      used >= prefixesLeft(senderIn(state.senders, sender), nowMs)
    );
  }

  function reasonToPark(wish: TokenRequest, price: Tokens): ParkReason | undefined {
    const { target, lane, sender } = wish;
    const { quotaState, quota } = quotaIn(target);
    if (isPrefixTooMany(wish)) return 'prefix';
    const payingLane = lane === 'takedown' && sender === failedSender ? 'people' : lane;
    const spendable = spendableTokens(quotaState, quota, payingLane, nowMs);
    if (!fits(plus(taken.get(target) ?? noTokens, price), spendable, price)) return 'tokens';
    if (isHeld(wish)) return 'hold';
    if (sender === undefined || payingLane === 'takedown') return undefined;
    const payer = senderOfTarget(sender, target);
    const share = shares.get(payer) ?? shareLeft(state, { sender, target }, quota, nowMs);
    shares.set(payer, share);
    if (fits(plus(takenBy.get(payer) ?? noTokens, price), share, price)) return undefined;
    return payingLane === 'people' && sender !== failedSender && isKeptForPeople(target, price)
      ? undefined
      : 'share';
  }

  /**
   * Whether a price is in the first half of what is kept for people: where bulk has no token, who waits in bulk would not have
   * these either. The other half is for people whose sender has not had its share.
   */
  function isKeptForPeople(target: Target, price: Tokens): boolean {
    const { quotaState, quota } = quotaIn(target);
    const sum = plus(taken.get(target) ?? noTokens, price);
    const spendable = (state: QuotaState, lane: Lane) => spendableTokens(state, quota, lane, nowMs);
    if (fits(sum, spendable(quotaState, 'bulk'), price)) return false;
    const kept = minus(spendable(freshQuota, 'people'), spendable(freshQuota, 'bulk'));
    const left = minus(spendable(quotaState, 'people'), sum);
    return fits(kept, plus(left, left), price);
  }

  return {
    /** Counts a directory among those of the day, whether it can be paid for or not. */
    want({ directory }: TokenRequest): void {
      if (directory !== undefined) directories.add(directory);
    },
    /** Pays for a wish, or says why not. */
    pay(wish: TokenRequest): ParkReason | undefined {
      const { kind, target, sender, byPrefix } = wish;
      const price: Tokens = kind === 'file' ? { files: 1, dirs: 0 } : { files: 0, dirs: 1 };
      const reason = reasonToPark(wish, price);
      if (reason !== undefined) return reason;
      // A request with any number of URLs costs one token then, which the reservation takes.
      const paid = limits.tokenUnit === 'url' ? price : noTokens;
      taken.set(target, plus(taken.get(target) ?? noTokens, paid));
      if (sender === undefined) return undefined;
      const payer = senderOfTarget(sender, target);
      takenBy.set(payer, plus(takenBy.get(payer) ?? noTokens, paid));
      if (byPrefix !== undefined) prefixesOf.set(sender, (prefixesOf.get(sender) ?? 0) + 1);
      return undefined;
    },
  };
}

/** Whether there is enough of the kind that a price is in; the other kind does not matter to it. */
function fits(sum: Tokens, available: Tokens, { files, dirs }: Tokens): boolean {
  return (files === 0 || sum.files <= available.files) && (dirs === 0 || sum.dirs <= available.dirs);
}
