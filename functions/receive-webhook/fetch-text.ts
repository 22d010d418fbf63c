import { PurgerError } from '../core/model/errors.ts';

/** A URL that gave no text. */
export class FetchError extends PurgerError {
  override readonly name = 'FetchError';
}

const timeoutMs = 3000;
const maxCharacters = 16 * 1024;
/** Certificates change once a year; there are a few for each region. */
const maxKept = 20;
/** Requests may name certificates that do not exist: they are not asked for more often than this. */
const defaultMinIntervalMs = 1000;

/**
 * @param fetchUrl the platform's `fetch`
 * @param minIntervalMs the least time from one request to the next; what comes earlier fails
 * @returns a function that fetches short texts, and keeps what it fetched for as long as it lives
 */
export function createFetchText(
  fetchUrl: typeof fetch,
  nowMs: () => number,
  minIntervalMs = defaultMinIntervalMs,
): (url: string) => Promise<string> {
  const kept = new Map<string, string>();
  let lastMs = Number.NEGATIVE_INFINITY;
  return async (url) => {
    const known = kept.get(url);
    if (known !== undefined) return known;
    if (nowMs() - lastMs < minIntervalMs) throw new FetchError(`Expected a pause before ${url}`);
    lastMs = nowMs();
    const response = await fetchUrl(url, { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
    const text = (await response.text()).slice(0, maxCharacters);
    if (!response.ok) throw new FetchError(`Expected a text at ${url}, got status ${response.status}`);
    if (kept.size >= maxKept) kept.clear();
    kept.set(url, text);
    return text;
  };
}
