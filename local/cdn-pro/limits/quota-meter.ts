/** Options of a meter. */
export interface QuotaMeterOptions {
  /** How many tokens a day has. */
  readonly quota: number;
  /** The share of the quota that may be spent in addition. */
  readonly overdraft: number;
  readonly dayMs: number;
}

/** The tokens of one kind in one environment. Times in milliseconds, never falling. */
export interface QuotaMeter {
  /** @returns how many tokens are left; negative in debt */
  readonly left: (nowMs: number) => number;
  /** @returns whether so many tokens may be spent now */
  readonly affords: (tokens: number, nowMs: number) => boolean;
  /** Spends tokens, whether they may be spent or not. */
  readonly spend: (tokens: number, nowMs: number) => void;
}

interface Spent {
  readonly atMs: number;
  readonly tokens: number;
  /** Of these, what the quota did not have any more. */
  readonly borrowed: number;
}

/**
 * The vendor counts in "a 24-hour rolling window", and says that the limit can be exceeded during a day, which reduces
 * what is available the next day. So a token comes back a day after it was spent, and a borrowed one after two days.
 * How far the limit can be exceeded is not said.
 * @returns a meter of which nothing is spent
 */
export function createQuotaMeter({ quota, overdraft, dayMs }: QuotaMeterOptions): QuotaMeter {
  let spent: readonly Spent[] = [];

  function left(nowMs: number): number {
    spent = spent.filter(({ atMs }) => atMs > nowMs - 2 * dayMs);
    const counted = spent.map(({ atMs, tokens, borrowed }) => (atMs > nowMs - dayMs ? tokens : borrowed));
    return counted.reduce((rest, tokens) => rest - tokens, quota);
  }

  return {
    left,
    affords: (tokens, nowMs) => tokens === 0 || tokens <= left(nowMs) + Math.floor(quota * overdraft),
    spend(tokens, nowMs) {
      const borrowed = Math.max(0, tokens - Math.max(0, left(nowMs)));
      if (tokens > 0) spent = [...spent, { atMs: nowMs, tokens, borrowed }];
    },
  };
}
