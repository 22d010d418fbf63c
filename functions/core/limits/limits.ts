import { groupBy } from '../model/group-by.ts';
import type { Lane, Target } from '../model/types.ts';
import type { Pacing, SlotRequest } from './requests/pacing.ts';
import {
  type BucketLimit,
  type BucketState,
  bucketMargin,
  emptyBucket,
  fullBucket,
  noteAnswer,
  noteThrottled,
  reserveInBucket,
  usedShareOfBucket,
} from './requests/request-bucket.ts';
import { reservePaced } from './requests/reserve-paced.ts';
import {
  closeWindow,
  emptyWindow,
  markAnswered,
  type RateLimit,
  type RateWindow,
  type Slot,
  usedSlots,
} from './requests/window.ts';
import {
  type ConfiguredQuota,
  covers,
  freshQuota,
  lostQuota,
  type QuotaState,
  quotaOf,
  spend,
  spendableTokens,
  type Tokens,
  unspend,
} from './tokens/quota.ts';
import {
  type AllSenders,
  notePrefixes,
  noteRefunded,
  noteSpent,
  prefixesLeft,
  type Senders,
  senderIn,
} from './tokens/senders.ts';

/**
 * All that limits purge requests, as one item of the table keeps it, for one customer of CDN Pro: the user's window,
 * the customer's bucket, the day's tokens of each target, and what each sender has taken.
 */
export interface LimitsState extends AllSenders {
  readonly window: RateWindow;
  readonly bucket: BucketState;
  readonly quotas: Readonly<Partial<Record<Target, QuotaState>>>;
  /** The directories wanted in the last 24 hours: when each was wanted last, in milliseconds, by a hash of its URL. */
  readonly directories: Readonly<Record<string, number>>;
  /** The last 429 that closed the window, for people alone: it is not checked when it is read. */
  readonly throttle?: Throttle;
}

/** What CDN Pro has answered with a 429, as far as it says so. */
export interface ThrottleAnswer {
  /** What is left in the customer's bucket: where it says so, that has answered, and else likely the gateway's window. An assumption. */
  readonly remaining?: number;
  /** `x-cnc-request-id`. */
  readonly requestId?: string;
  /** CDN Pro's words, or others' in front of it. */
  readonly message?: string;
}

/** A 429, and when it came, in milliseconds. */
export interface Throttle extends ThrottleAnswer {
  readonly atMs: number;
}

/** The limits as they are configured. */
export interface Limits {
  readonly rate: RateLimit;
  readonly bucket: BucketLimit;
  /** What a purge request weighs in the bucket. An assumption: CDN Pro may weigh endpoints. */
  readonly requestCost: number;
  /** Where it is missing, the quota that the API tells holds, else {@link import('./tokens/quota.ts').defaultQuota}. */
  readonly quota: ConfiguredQuota;
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
  /** The senders of its purges by prefix that no user asked for, one for each. */
  readonly prefixes?: readonly string[];
  /** Whether it was sent before, and these were allowed then. */
  readonly isSentAgain?: boolean;
}

/** A request that was granted, for when its answer comes. */
export interface GrantedSlot {
  readonly slot: Slot;
  /** See {@link BucketState.reserved}. */
  readonly sequence: number;
  /** The time at which its tokens are counted, in milliseconds. */
  readonly countedMs: number;
  readonly request: Pick<LimitsRequest, 'target' | 'price' | 'senders' | 'prefixes'>;
}

/** What an answer says of the limits. */
export interface LimitsAnswer {
  /** `x-rate-limit-remaining`, where the answer has it. */
  readonly remaining?: number | undefined;
  /** CDN Pro has refused the request for its content: no purge was made, so its tokens were not spent. An assumption. */
  readonly isRefused?: boolean;
  /** The request was never sent, and never will be: CDN Pro has answered nothing, and its tokens were not spent. */
  readonly isUnsent?: boolean;
}

/** What asking for one request gave. */
export type LimitsReservation =
  | {
      readonly kind: 'granted';
      readonly state: LimitsState;
      readonly slot: GrantedSlot;
      /** The share that is used then of what the window or the bucket gives to its lane, whichever is larger. */
      readonly usedShare: number;
    }
  | {
      readonly kind: 'wait';
      readonly for: 'window' | 'pace' | 'bucket';
      readonly untilMs: number;
      readonly usedShare: number;
    }
  /** The lane has fewer tokens than the request costs: send less, or park it. */
  | {
      readonly kind: 'short';
      readonly spendable: Tokens;
      /** The senders that have had their purges by prefix by now; missing where it is tokens that are short. */
      readonly beyond?: readonly string[];
    };

/** The state of limits that nobody has used yet. */
export function unusedLimits({ bucket }: Pick<Limits, 'bucket'>, nowMs: number): LimitsState {
  return {
    window: emptyWindow,
    bucket: fullBucket(bucket, nowMs),
    quotas: {},
    senders: {},
    neighbors: {},
    directories: {},
  };
}

/**
 * The state where the real one was lost, by a deletion or a restore: all that may have been sent was sent just now. The
 * day's tokens are unknown until `purgeTokens` is read.
 * @param declared what deployments had declared, as far as that is known
 */
export function lostLimits(
  { rate }: Pick<Limits, 'rate'>,
  declared: RateWindow['declared'],
  guardMs: number,
  nowMs: number,
): LimitsState {
  const arrivedByMs = Array.from({ length: rate.requests }, (_, index) => nowMs + guardMs + index);
  return {
    window: { ...emptyWindow, arrivedByMs, declared },
    bucket: emptyBucket(nowMs),
    quotas: { production: lostQuota(nowMs + guardMs), staging: lostQuota(nowMs + guardMs) },
    senders: {},
    neighbors: {},
    directories: {},
  };
}

/**
 * The state where an earlier version of this project has kept the window alone: the window is known, the bucket holds
 * at least what the window's requests have left in it, and the day's tokens are unknown.
 */
export function limitsOfWindow(
  window: RateWindow,
  { rate, bucket }: Pick<Limits, 'rate' | 'bucket'>,
  nowMs: number,
): LimitsState {
  const level = Math.max(0, bucket.burst - usedSlots(window, rate, nowMs).length);
  return {
    ...lostLimits({ rate }, {}, 0, nowMs),
    window,
    bucket: { ...emptyBucket(nowMs), level },
  };
}

/**
 * Asks every limit for one request, and takes from all of them or from none. What was taken is not handed back: a
 * request that was refused or lost may have counted at the server. Only the tokens of a request that was refused for its
 * content, or never sent, are, see {@link markAnswers}.
 * @param limits the strictest that are declared
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
  const beyond = beyondAllowance(state.senders, request, nowMs);
  if (beyond.length > 0) return { kind: 'short', spendable, beyond };
  const terms = { window: state.window, limit: limits.rate, guardMs, nowMs };
  const costs = { cost: limits.requestCost, margin: bucketMargin[lane] };
  /** Of the limit that leaves the least. */
  const usedShareOf = (ofWindow: number, bucket: BucketState) =>
    Math.max(ofWindow, usedShareOfBucket(bucket, limits.bucket, costs, nowMs));
  const paced = reservePaced(request, pacing === undefined ? terms : { ...terms, pacing });
  const usedBefore = usedShareOf(paced.usedShare, state.bucket);
  if (paced.kind === 'wait') return { ...paced, usedShare: usedBefore };
  const bucket = reserveInBucket(state.bucket, limits.bucket, costs, nowMs);
  if (bucket.kind === 'wait') {
    return { kind: 'wait', for: 'bucket', untilMs: bucket.untilMs, usedShare: usedBefore };
  }
  // The server counts a token when the request arrives.
  const countedMs = nowMs + guardMs;
  return {
    kind: 'granted',
    slot: { slot: paced.slot, sequence: bucket.sequence, countedMs, request },
    usedShare: usedShareOf(paced.usedShare, bucket.bucket),
    state: {
      ...state,
      window: paced.window,
      bucket: bucket.bucket,
      quotas: { ...state.quotas, [target]: spend(quotaState, price, countedMs) },
      senders: noteAllPrefixes(noteSpent(state.senders, request.senders, nowMs), request, 1, nowMs),
    },
  };
}

/** @returns the senders of more purges by prefix than these may still have: others may have sent some since it was decided */
function beyondAllowance(
  senders: Senders,
  { prefixes = [], isSentAgain = false }: Pick<LimitsRequest, 'prefixes' | 'isSentAgain'>,
  nowMs: number,
): readonly string[] {
  if (isSentAgain) return [];
  const wanted = groupBy(prefixes, (name) => name);
  return [...wanted].flatMap(([name, all]) =>
    all.length > prefixesLeft(senderIn(senders, name), nowMs) ? [name] : [],
  );
}

function noteAllPrefixes(
  senders: Senders,
  { prefixes = [] }: Pick<LimitsRequest, 'prefixes'>,
  count: 1 | -1,
  nowMs: number,
): Senders {
  return prefixes.reduce((noted, name) => notePrefixes(noted, name, count, nowMs), senders);
}

/** An answer and when it came, in milliseconds. */
export interface NotedAnswer extends LimitsAnswer {
  readonly slot: GrantedSlot;
  readonly answeredMs: number;
}

/** Takes note of answers. One that is marked twice, as after a write whose success went unnoticed, changes nothing more. */
export function markAnswers(
  state: LimitsState,
  limits: Pick<Limits, 'bucket'>,
  answers: readonly NotedAnswer[],
  clockDifferenceMs: number,
): LimitsState {
  let marked = state;
  for (const { slot, answeredMs, remaining, isRefused, isUnsent } of answers) {
    const { sequence } = slot;
    const window = markAnswered(marked.window, slot.slot, answeredMs + clockDifferenceMs);
    const bucket = isUnsent
      ? marked.bucket
      : noteAnswer(marked.bucket, limits.bucket, { sequence, remaining }, answeredMs);
    const isNews = window !== marked.window;
    marked = { ...marked, window, bucket };
    if ((isRefused || isUnsent) && isNews) marked = refund(marked, slot, answeredMs);
  }
  return marked;
}

function refund(state: LimitsState, { request, countedMs }: GrantedSlot, nowMs: number): LimitsState {
  const { target, price, senders } = request;
  const quota = state.quotas[target];
  if (quota === undefined) return state;
  return {
    ...state,
    quotas: { ...state.quotas, [target]: unspend(quota, price, countedMs) },
    senders: noteAllPrefixes(noteRefunded(state.senders, senders), request, -1, nowMs),
  };
}

/**
 * Lets nobody send before the given time, since CDN Pro has answered that a limit is reached. Answers to requests that
 * were under way together say so once.
 */
export function closeForEveryone(
  state: LimitsState,
  untilMs: number,
  nowMs: number,
  answer: ThrottleAnswer = {},
): LimitsState {
  const isNews = state.window.closedUntilMs <= nowMs;
  const window = closeWindow(state.window, untilMs);
  if (!isNews && window === state.window) return state;
  return {
    ...state,
    window,
    bucket: isNews ? noteThrottled(state.bucket, nowMs) : state.bucket,
    ...(isNews && { throttle: { ...answer, atMs: nowMs } }),
  };
}

/** Longer ago than this, a directory is not counted among those of the day. */
const dayMs = 24 * 60 * 60 * 1000;
/** More than this are never counted, so that the item stays small: the hold is at its longest long before. */
const mostDirectories = 100;

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
