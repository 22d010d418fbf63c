import { type BudgetChange, dayMs, hourMs, minuteMs } from './loads.ts';
import type { Ages } from './outcome.ts';

/**
 * The least that ages can be where single URLs are purged, so many in any 24 hours, by a scheduler that knows the
 * future. The mean is the larger of two bounds: one lets each age threshold choose its own victims, and is loose where
 * changes of one URL merge; the other lets the tokens of all days be spent at any time.
 */
export function leastAges(changes: readonly BudgetChange[], quota: number): Ages {
  const urls = new Map<string, number>();
  const times = changes.map(({ atMs, entry }) => {
    const name = entry.kind === 'regex' ? entry.pattern : entry.url;
    const url = urls.get(name) ?? urls.size;
    urls.set(name, url);
    return { atMs, url };
  });
  const tooOld = (ageMs: number) => unavoidable(times, urls.size, quota, ageMs);
  let sum = 0;
  let p99 = 0;
  let previous = 0;
  for (let ageMs = minuteMs; ; ageMs *= 1.25) {
    const count = tooOld(ageMs);
    // As if all of those older than the previous threshold were as few as those older than this one: never too many.
    sum += count * (ageMs - previous);
    if (count > changes.length * 0.01) p99 = ageMs;
    if (count === 0) {
      const mean = Math.max(sum / changes.length, leastMeanOfMerging(changes, quota));
      return { count: changes.length, mean, p99, max: previous };
    }
    previous = ageMs;
  }
}

/**
 * @returns how many changes at least are older than a threshold when they are purged. One purge serves all changes of
 * a URL within the threshold after the first; of what is left, each needs a token in its time, and the earliest goes
 * first
 */
function unavoidable(
  times: readonly { readonly atMs: number; readonly url: number }[],
  urls: number,
  quota: number,
  ageMs: number,
): number {
  const servedUntil = new Float64Array(urls).fill(Number.NEGATIVE_INFINITY);
  /** The last tokens that were spent, in a ring. */
  const spent = new Float64Array(quota).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let dropped = 0;
  for (const { atMs, url } of times) {
    if (atMs <= (servedUntil[url] ?? 0)) continue;
    servedUntil[url] = atMs + ageMs;
    const freeMs = (spent[next] ?? 0) + dayMs;
    if (freeMs > atMs + ageMs) {
      dropped++;
      continue;
    }
    spent[next] = Math.max(atMs, freeMs);
    next = (next + 1) % quota;
  }
  return dropped;
}

/**
 * Each URL's changes are divided into groups, each purged right after its last change; what is left at the end waits for
 * it. With a price for tokens at which no more of them are used than there are, that is the least: any price gives a
 * lower bound (Lagrange), and the best of some is taken.
 * @returns a lower bound of the mean age
 */
function leastMeanOfMerging(changes: readonly BudgetChange[], quota: number): number {
  const times = new Map<string, number[]>();
  for (const { atMs, entry } of changes) {
    const name = entry.kind === 'regex' ? entry.pattern : entry.url;
    const known = times.get(name);
    if (known === undefined) times.set(name, [atMs]);
    else known.push(atMs);
  }
  const firstMs = changes[0]?.atMs ?? 0;
  const lastMs = changes.at(-1)?.atMs ?? 0;
  const tokens = quota * (Math.floor((lastMs - firstMs) / dayMs) + 1);
  let best = 0;
  for (let price = hourMs; price < 30 * dayMs; price *= 1.3) {
    let sum = -price * tokens;
    for (const ofUrl of times.values()) sum += leastOfUrl(ofUrl, price, lastMs);
    best = Math.max(best, sum);
  }
  return best / changes.length;
}

/** @returns the least sum of ages and of the price of tokens for one URL's changes */
function leastOfUrl(times: readonly number[], price: number, endMs: number): number {
  /** The least for the changes before each one. */
  const least = [0];
  let whole = Number.POSITIVE_INFINITY;
  for (let end = 1; end <= times.length; end++) {
    const last = times[end - 1] ?? 0;
    let best = Number.POSITIVE_INFINITY;
    let ages = 0;
    for (let first = end - 1; first >= 0; first--) {
      ages += last - (times[first] ?? 0);
      // One more change in the group only adds its age from here on.
      if (ages > best) break;
      best = Math.min(best, (least[first] ?? 0) + ages + price);
    }
    least.push(best);
  }
  let waited = 0;
  for (let first = times.length; first >= 0; first--) {
    whole = Math.min(whole, (least[first] ?? 0) + waited);
    waited += endMs - (times[first - 1] ?? 0);
  }
  return whole;
}
