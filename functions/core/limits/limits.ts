import type { Lane, Target } from '../model/types.ts';
import { reservePaced } from './acquire-slots.ts';
import {
  type BucketLimit,
  type BucketState,
  bucketMargin,
  emptyBucket,
  fullBucket,
  reserveInBucket,
} from './bucket.ts';
import type { Pacing, SlotRequest } from './pacing.ts';
import {
  covers,
  freshQuota,
  type QuotaState,
  quotaOf,
  spend,
  spendableTokens,
  type Tokens,
} from './quota.ts';
import { noteSpent, type SenderState } from './senders.ts';
import { emptyWindow, type RateLimit, type RateWindow, requestsInWindow, type Slot } from './window.ts';

/**
 * All that limits purge requests, as one item of the table keeps it, for one customer of CDN Pro: the user's window,
 * the customer's bucket, the day's tokens of each target, and what each sender has taken.
 */
export interface LimitsState {
  readonly window: RateWindow;
  readonly bucket: BucketState;
  readonly quotas: Readonly<Partial<Record<Target, QuotaState>>>;
  readonly senders: Readonly<Record<string, SenderState>>;
  /** The directories wanted in the last 24 hours: when each was wanted last, in milliseconds, by a hash of its URL. */
  readonly directories: Readonly<Record<string, number>>;
}

/** The limits as they are configured. */
export interface Limits {
  readonly rate: RateLimit;
  readonly bucket: BucketLimit;
  /** What a purge request weighs in the bucket. An assumption: CDN Pro may weigh endpoints. */
  readonly requestCost: number;
  /** Where it is missing, the quota that the API tells holds, else {@link import('./quota.ts').defaultQuota}. */
  readonly quota: Readonly<Partial<Record<Target, Partial<Tokens>>>>;
  /** What a token pays for. An assumption: URL. */
  readonly tokenUnit: TokenUnit;
}

/** What a token of the day's quota pays for: a URL, or a request with any number of them. */
export type TokenUnit = 'url' | 'request';

/** What a request asks of the limits. */
export interface LimitsRequest extends SlotRequest {
  readonly lane: Lane;
  readonly target: Target;
  readonly price: Tokens;
  /** Who pays, by sender. */
  readonly senders: Readonly<Record<string, Tokens>>;
}

/** Names a request that was granted, for when its answer comes. */
export interface GrantedSlot {
  readonly slot: Slot;
  /** See {@link BucketState.reserved}. */
  readonly sequence: number;
}

/** What asking for one request gave. */
export type LimitsReservation =
  | {
      readonly kind: 'granted';
      readonly state: LimitsState;
      readonly slot: GrantedSlot;
      /** The share of the window's slots that is used then. */
      readonly usedShare: number;
    }
  | {
      readonly kind: 'wait';
      readonly for: 'window' | 'pace' | 'bucket';
      readonly untilMs: number;
      readonly usedShare: number;
    }
  /** The lane has fewer tokens than the request costs: send less, or park it. */
  | { readonly kind: 'short'; readonly spendable: Tokens };

/** The state of limits that nobody has used yet. */
export function unusedLimits({ bucket }: Pick<Limits, 'bucket'>, nowMs: number): LimitsState {
  return { window: emptyWindow, bucket: fullBucket(bucket, nowMs), quotas: {}, senders: {}, directories: {} };
}

/**
 * The state where the real one was lost, by a deletion or a restore: all that may have been sent was sent just now. The
 * day's tokens are unknown until `purgeTokens` is read.
 */
export function lostLimits({ rate }: Pick<Limits, 'rate'>, guardMs: number, nowMs: number): LimitsState {
  const arrivedByMs = Array.from({ length: requestsInWindow(rate) }, (_, index) => nowMs + guardMs + index);
  return {
    window: { ...emptyWindow, arrivedByMs },
    bucket: emptyBucket(nowMs),
    quotas: {},
    senders: {},
    directories: {},
  };
}

/**
 * Asks every limit for one request, and takes from all of them or from none. What was taken is never handed back: a
 * request that was refused or lost may have counted at the server.
 * @param guardMs the longest time from the reservation to the request's arrival at CDN Pro, in milliseconds
 */
export function reserveRequest(
  state: LimitsState,
  limits: Limits,
  request: LimitsRequest,
  {
    guardMs,
    nowMs,
    pacing,
  }: { readonly guardMs: number; readonly nowMs: number; readonly pacing?: Pacing | undefined },
): LimitsReservation {
  const { lane, target, price } = request;
  const quotaState = state.quotas[target] ?? freshQuota;
  const spendable = spendableTokens(quotaState, quotaOf(quotaState, limits.quota[target]), lane, nowMs);
  if (!covers(spendable, price)) return { kind: 'short', spendable };
  const terms = { window: state.window, limit: limits.rate, guardMs, nowMs };
  const paced = reservePaced(request, pacing === undefined ? terms : { ...terms, pacing });
  if (paced.kind === 'wait') return paced;
  const { usedShare } = paced;
  const costs = { cost: limits.requestCost, margin: bucketMargin[lane] };
  const bucket = reserveInBucket(state.bucket, limits.bucket, costs, nowMs);
  if (bucket.kind === 'wait') return { kind: 'wait', for: 'bucket', untilMs: bucket.untilMs, usedShare };
  return {
    kind: 'granted',
    slot: { slot: paced.slot, sequence: bucket.sequence },
    usedShare,
    state: {
      ...state,
      window: paced.window,
      bucket: bucket.bucket,
      quotas: { ...state.quotas, [target]: spend(quotaState, price, nowMs) },
      senders: noteSpent(state.senders, request.senders, nowMs),
    },
  };
}

/** @returns what a request with so many URLs costs in tokens */
export function priceOf({ files, dirs }: Tokens, unit: TokenUnit): Tokens {
  return unit === 'url' ? { files, dirs } : { files: Math.min(1, files), dirs: Math.min(1, dirs) };
}

/** Longer ago than this, a directory is not counted among those of the day. */
const dayMs = 24 * 60 * 60 * 1000;
/** More than this are never counted, so that the item stays small: the hold is at its longest long before. */
const mostDirectories = 200;

/** Takes note of directories that are wanted, by the hashes of their URLs. */
export function noteDirectories(
  directories: LimitsState['directories'],
  hashes: readonly string[],
  nowMs: number,
): LimitsState['directories'] {
  const recent = Object.entries(directories).filter(([, atMs]) => atMs > nowMs - dayMs);
  const wanted = new Map([...recent, ...hashes.map((hash) => [hash, nowMs] as const)]);
  return Object.fromEntries([...wanted].slice(-mostDirectories));
}
