/**
 * The customer's token bucket of CDN Pro's API: all API users of the customer and the portal take from it, and refused
 * requests count. Its figures are an assumption wherever the contract says nothing: settings, never constants.
 */
export interface BucketLimit {
  /** Requests that come back in a minute. CDN Pro: 30 by default, 120 at most. */
  readonly perMinute: number;
  /** Most requests that it holds. CDN Pro: 60 by default, 240 at most. */
  readonly burst: number;
}

/** CDN Pro's, where the contract says nothing else. */
export const defaultBucket: BucketLimit = { perMinute: 30, burst: 60 };

/** What the limits item keeps of the bucket. */
export interface BucketState {
  /** How many requests it was believed to hold at {@link BucketState.atMs}. */
  readonly level: number;
  readonly atMs: number;
  /** The weight of all requests that were reserved, ever. Its value after a request names that request. */
  readonly reserved: number;
  /** The latest request that was answered, and when that was. */
  readonly answered: number;
  readonly answeredMs: number;
  /** What is kept in the bucket on top of the lane's margin since a 429, and when that was. */
  readonly extraMargin: number;
  readonly refusedMs: number;
}

/** A bucket that nobody has used: full. */
export function fullBucket({ burst }: BucketLimit, nowMs: number): BucketState {
  return { ...emptyBucket(nowMs), level: burst };
}

/** A bucket of which nothing is known but that it was used: empty. */
export function emptyBucket(nowMs: number): BucketState {
  return {
    level: 0,
    atMs: nowMs,
    reserved: 0,
    answered: 0,
    answeredMs: 0,
    extraMargin: 0,
    refusedMs: 0,
  };
}

/** How much stays in the bucket for others: changes of people go before bulk and polling (record 0055). */
export const bucketMargin = { takedown: 10, people: 10, bulk: 20 } as const;

/** Each 429 raises the margin by so much, and it falls again by as much in each of these times: steadily, or requests would go at once. */
const marginStep = 3;
const marginStepMs = 600_000;
const mostExtraMargin = 30;
/** What the last answer has shown holds for so long, and then as far as others send no more than so many a second. */
const silenceMs = 20_000;
const othersPerSecond = 3;
/** In doubt, as many requests go as come back in this time, and the others when one of these is answered. */
const canaryMs = 2000;
/**
 * For how long the others wait for an answer, and how soon they look again. Another environment sees the answer with the
 * next write only.
 */
const longestCanaryMs = 1000;
const lookAgainMs = 250;

/** What asking the bucket gave. */
export type BucketReservation =
  | { readonly kind: 'granted'; readonly bucket: BucketState; readonly sequence: number }
  | { readonly kind: 'wait'; readonly untilMs: number };

/**
 * Asks for one request.
 * @param cost what it weighs
 * @param margin how much has to stay in the bucket behind it
 */
export function reserveInBucket(
  bucket: BucketState,
  limit: BucketLimit,
  { cost, margin }: { readonly cost: number; readonly margin: number },
  nowMs: number,
): BucketReservation {
  const level = levelAt(bucket, limit, nowMs);
  // A small bucket has to let a lone request through.
  const wanted = Math.min(limit.burst, cost + margin + extraMarginAt(bucket, nowMs));
  if (level < wanted) {
    return {
      kind: 'wait',
      untilMs: nowMs + Math.max(1, Math.ceil(((wanted - level) / limit.perMinute) * 60_000)),
    };
  }
  if (isInDoubt(bucket, level, wanted, nowMs) && areCanariesOut(bucket, limit, cost, nowMs)) {
    return { kind: 'wait', untilMs: nowMs + lookAgainMs };
  }
  const sequence = bucket.reserved + cost;
  return {
    kind: 'granted',
    // A clock that is behind must not turn back the time, or the same refill would be counted twice.
    bucket: { ...bucket, level: level - cost, atMs: Math.max(bucket.atMs, nowMs), reserved: sequence },
    sequence,
  };
}

/** @returns the share that is used of what the bucket gives to requests of this weight and margin, from 0 to 1 */
export function usedShareOfBucket(
  bucket: BucketState,
  limit: BucketLimit,
  { cost, margin }: { readonly cost: number; readonly margin: number },
  nowMs: number,
): number {
  const kept = Math.min(limit.burst - cost, margin + extraMarginAt(bucket, nowMs));
  const left = (levelAt(bucket, limit, nowMs) - kept) / (limit.burst - kept);
  return 1 - Math.min(1, Math.max(0, left));
}

/** Whether others may have taken what is believed to be in the bucket: no answer has shown what is left for long. */
function isInDoubt(bucket: BucketState, level: number, wanted: number, nowMs: number): boolean {
  const silentMs = nowMs - bucket.answeredMs;
  return silentMs > silenceMs && level - (silentMs / 1000) * othersPerSecond < wanted;
}

/** Whether as many requests as may go in doubt went just now, and none of them is answered yet. */
function areCanariesOut(
  { reserved, answered, atMs }: BucketState,
  { perMinute }: BucketLimit,
  cost: number,
  nowMs: number,
): boolean {
  const unanswered = reserved - answered;
  const isMore = unanswered > 0 && unanswered + cost > (canaryMs / 60_000) * perMinute;
  return isMore && nowMs - atMs < longestCanaryMs;
}

/** @returns how many requests the bucket is believed to hold */
export function levelAt(
  { level, atMs }: BucketState,
  { perMinute, burst }: BucketLimit,
  nowMs: number,
): number {
  return Math.min(burst, level + (Math.max(0, nowMs - atMs) / 60_000) * perMinute);
}

function extraMarginAt({ extraMargin, refusedMs }: BucketState, nowMs: number): number {
  return Math.max(0, extraMargin - (marginStep * Math.max(0, nowMs - refusedMs)) / marginStepMs);
}

/**
 * Takes note of an answer.
 * @param sequence the request that was answered
 * @param remaining `x-rate-limit-remaining`, where the answer had it: others may have taken from the bucket. More than
 * the own count is not believed, since the header may be about another limit
 * @param answeredMs when the answer came, which may be before the latest reservation
 */
export function noteAnswer(
  bucket: BucketState,
  limit: BucketLimit,
  { sequence, remaining }: { readonly sequence: number; readonly remaining?: number | undefined },
  answeredMs: number,
): BucketState {
  // Answers overtake each other: only the latest request's says something new.
  if (sequence <= bucket.answered || sequence > bucket.reserved) return bucket;
  const noted = { ...bucket, answered: sequence, answeredMs };
  if (remaining === undefined) return noted;
  const atMs = Math.max(bucket.atMs, answeredMs);
  const left = { level: Math.max(0, remaining) - (bucket.reserved - sequence), atMs: answeredMs };
  const counted = levelAt(bucket, limit, atMs);
  const reported = levelAt({ ...bucket, ...left }, limit, atMs);
  // The header is a whole number, rounded down: an own count that is less than one above agrees with it.
  return { ...noted, level: counted - reported < 1 ? counted : reported, atMs };
}

/** Takes note of a 429: the bucket was emptier than believed, so more is kept in it for a while. */
export function noteThrottled(bucket: BucketState, nowMs: number): BucketState {
  const extraMargin = Math.min(mostExtraMargin, extraMarginAt(bucket, nowMs) + marginStep);
  const atMs = Math.max(bucket.atMs, nowMs);
  return { ...bucket, level: Math.min(bucket.level, 0), atMs, extraMargin, refusedMs: nowMs };
}
