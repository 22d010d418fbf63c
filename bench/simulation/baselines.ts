import type { Bound } from './clairvoyant.ts';
import type { Load } from './loads.ts';

/** The outcome of a simple policy. */
export interface Baseline {
  /** When each change was accepted, in milliseconds; NaN where it never was. */
  readonly acceptedMs: Float64Array;
  /** Requests that arrived, refused ones included. */
  readonly requests: number;
  readonly throttled: number;
}

/** CDN Pro's window: refused requests count, too. */
function createWindow({ requests, windowMs }: Bound) {
  const times: number[] = [];
  let throttled = 0;
  return {
    /** @returns whether a request at this time is accepted */
    arrive(timeMs: number): boolean {
      const oldest = times[times.length - requests];
      times.push(timeMs);
      if (oldest === undefined || oldest <= timeMs - windowMs) return true;
      throttled++;
      return false;
    },
    outcome: () => ({ requests: times.length, throttled }),
  };
}

/** What Lambda does with an event whose function fails: once more after a minute, then after two, then no more. */
const retryAfterMs = [60_000, 120_000];

/** A purge for each event, as a function behind an S3 notification does it; a 429 fails the function. */
export function perEvent({ changes, grain, isOverload, lengthMs }: Load, bound: Bound): Baseline {
  const acceptedMs = new Float64Array(changes.length).fill(Number.NaN);
  const window = createWindow(bound);
  /** One queue for the first tries and one for each retry: each is in the order of its times. */
  const tries: { index: number; timeMs: number }[][] = [[], [], []];
  const heads = [0, 0, 0];
  changes.forEach(({ atMs }, index) => {
    for (let copy = 0; copy < grain; copy++) tries[0]?.push({ index, timeMs: atMs });
  });
  for (;;) {
    const heading = heads.map((head, attempt) => tries[attempt]?.[head]?.timeMs ?? Number.POSITIVE_INFINITY);
    const attempt = heading.indexOf(Math.min(...heading));
    const next = tries[attempt]?.[heads[attempt] ?? 0];
    // Under more than the API carries, what counts is what comes through while it lasts.
    if (next === undefined || (isOverload && next.timeMs > lengthMs)) break;
    heads[attempt] = (heads[attempt] ?? 0) + 1;
    if (window.arrive(next.timeMs)) acceptedMs[next.index] = next.timeMs;
    else tries[attempt + 1]?.push({ index: next.index, timeMs: next.timeMs + (retryAfterMs[attempt] ?? 0) });
  }
  return { acceptedMs, ...window.outcome() };
}

/** How {@link periodic} sends. */
export interface Period {
  readonly everyMs: number;
  /** Most changes in a request. */
  readonly perRequest: number;
  /** Most requests each time. */
  readonly requestsAtOnce: number;
}

/** Sends the oldest changes in requests of one size, at regular times. */
export function periodic(
  { changes, grain, isOverload, lengthMs }: Load,
  bound: Bound,
  { everyMs, perRequest, requestsAtOnce }: Period,
): Baseline {
  const acceptedMs = new Float64Array(changes.length).fill(Number.NaN);
  const window = createWindow(bound);
  const size = Math.max(1, perRequest / grain);
  let next = 0;
  for (let timeMs = everyMs; next < changes.length && !(isOverload && timeMs > lengthMs); timeMs += everyMs) {
    for (let sent = 0; sent < requestsAtOnce && (changes[next]?.atMs ?? Infinity) <= timeMs; sent++) {
      // What is refused waits for the next time.
      if (!window.arrive(timeMs)) break;
      for (let taken = 0; taken < size && (changes[next]?.atMs ?? Infinity) <= timeMs; taken++) {
        acceptedMs[next++] = timeMs;
      }
    }
  }
  return { acceptedMs, ...window.outcome() };
}
