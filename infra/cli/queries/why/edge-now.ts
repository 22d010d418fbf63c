import { byHandSource } from '../../../../functions/core/limits/tokens/lane.ts';
import { isNewer } from '../../../../functions/core/model/shows.ts';
import type { Shows } from '../../../../functions/core/model/types.ts';
import { isVersion } from '../../../../functions/core/proving/choose.ts';
import { type Answer, judge } from '../../../../functions/core/proving/judge.ts';
import type { Seen } from '../../../../functions/core/proving/probe.ts';
import { fallbackReason } from '../../../../functions/probe/missing-page.ts';
import { isProvable, type Step } from './steps.ts';

/** What a server has answered just now, or why it has not. */
export type Now = Pick<Seen, 'from' | 'address'> &
  (
    | { readonly answer: Answer; readonly seen: Omit<Seen, 'from'> }
    | { readonly answer?: undefined; readonly reason: string }
  );

/** What a server shows now. */
export interface Shown extends Seen {
  /** Why it has not answered. */
  readonly reason?: string;
}

/** What an edge shows now, against the origin. */
export interface EdgeShown extends Shown {
  /** `older`: certainly a version from before the newest change. `unknown`: nothing tells. */
  readonly version: 'same' | 'older' | 'unknown';
  /** The same in words. */
  readonly meaning: string;
}

/** What the origin and edges show now. */
export interface EdgesNow {
  /** Missing where nobody knows where the origin is. */
  readonly origin?: Shown;
  readonly edges: readonly EdgeShown[];
}

/** What a page should show. */
export interface Expected {
  readonly shows: Shows;
  /** Where that is known from. */
  readonly by: 'the origin' | 'the newest change';
}

/** @returns the newest change of the URL that says what its file shows */
export function newestShown(steps: readonly Step[]): (Step & { readonly shows: Shows }) | undefined {
  const [newest] = steps
    .flatMap((step) => (isProvable(step.entry) ? [{ ...step, shows: step.entry.shows }] : []))
    // Of a version that several changes show, sent again together, it is the newest one's.
    .toSorted((a, b) => newerFirst(a.shows, b.shows) || b.changedMs - a.changedMs || b.atMs - a.atMs);
  // Who purges by hand changes nothing; what another change made stale may show something newer.
  const changes = steps.filter(({ change }) => change?.source !== byHandSource);
  const newestMs = Math.max(...changes.map(({ changedMs }) => changedMs));
  return newest !== undefined && newest.changedMs >= newestMs ? newest : undefined;
}

/** Of two changes in one second S3 tells the order. */
function newerFirst(a: Shows, b: Shows): number {
  return Number(isNewer(b, a)) - Number(isNewer(a, b));
}

/**
 * @param origin what the origin answers
 * @param newest what the newest change says
 * @returns what edges should show; undefined where nothing tells
 */
export function expectedOf(
  origin: Now | undefined,
  newest: Shows | undefined,
  nowMs: number,
): Expected | undefined {
  const shows = origin?.answer && showsOf(origin.answer, nowMs);
  if (shows !== undefined) return { shows, by: 'the origin' };
  // Of a version that came back, since a newer one was removed, only the time is known.
  return newest && isVersion(newest) ? { shows: newest, by: 'the newest change' } : undefined;
}

function showsOf({ status, etag, lastModifiedMs }: Answer, nowMs: number): Shows | undefined {
  if (status === 404 || status === 410) return { gone: true, sinceMs: nowMs };
  if ((status !== 200 && status !== 206) || etag === undefined) return undefined;
  // Without a time, no other version is certainly older.
  return { etag: opaqueOf(etag), sinceMs: lastModifiedMs ?? 0 };
}

function opaqueOf(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}

/**
 * @param fallbacks the edges that show a fallback page in place of what is gone
 * @returns what the origin and edges show now, and what that means
 */
export function edgesNow(
  url: string,
  edges: readonly Now[],
  origin: Now | undefined,
  expected: Expected | undefined,
  fallbacks: ReadonlySet<string> = new Set(),
): EdgesNow {
  return {
    ...(origin !== undefined && { origin: shownOf(origin) }),
    edges: edges.map((edge) => ({
      ...shownOf(edge),
      ...compare(url, edge, expected, fallbacks.has(edge.from)),
    })),
  };
}

function shownOf(now: Now): Shown {
  const { from, address } = now;
  if (now.answer === undefined) {
    return { from, ...(address !== undefined && { address }), reason: now.reason };
  }
  return { from, ...now.seen };
}

function compare(
  url: string,
  edge: Now,
  expected: Expected | undefined,
  isFallback: boolean,
): Pick<EdgeShown, 'version' | 'meaning'> {
  if (edge.answer === undefined) return unknown(edge.reason);
  if (expected === undefined) return unknown('nothing tells what it should show, but --origin URL');
  const { shows, by } = expected;
  const { kind, reason = '' } = judge(url, shows, edge.answer);
  switch (kind) {
    case 'proven':
      return { version: 'same', meaning: shows.gone ? 'it is gone' : `it shows the version of ${by}` };
    case 'stale':
      if (isFallback) return unknown(fallbackReason);
      return { version: 'older', meaning: `it shows an older version than ${by}: ${reason}` };
    case 'unproven':
      return unknown(reason);
  }
}

function unknown(reason: string): Pick<EdgeShown, 'version' | 'meaning'> {
  return { version: 'unknown', meaning: `which version it shows cannot be told: ${reason}` };
}
