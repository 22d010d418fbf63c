/**
 * How long to wait before another try: full jitter over an exponentially growing span.
 * @param attempt 1 for the first retry
 * @param random a number from 0 (included) to 1 (excluded)
 * @returns milliseconds, at most 30 s
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, random: number): number {
  return Math.min(30_000, 500 * 2 ** attempt) * random;
}
