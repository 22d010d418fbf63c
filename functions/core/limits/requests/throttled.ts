/** The first pause after a 429, in milliseconds. */
export const firstPauseMs = 10_000;
/** Added to the time that a 429 tells, which is in whole seconds. */
const retryMarginMs = 1000;

/**
 * @param retryAfterMs what a 429 tells, where it does
 * @param ownMs the own pause
 * @returns for how long nobody sends, in milliseconds: as long as the 429 says, and never for less than the own pause
 */
export function pauseAfterThrottle(retryAfterMs: number | undefined, ownMs = firstPauseMs): number {
  return Math.max(retryAfterMs === undefined ? 0 : retryAfterMs + retryMarginMs, ownMs);
}
