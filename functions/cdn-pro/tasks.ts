import type { Observation } from '../core/following/decide-purge.ts';
import { isRecord } from '../core/model/record.ts';

/** A page of the list of purges. */
export interface PurgePage {
  /** What it says of each purge, by ID. */
  readonly observations: ReadonlyMap<string, Observation>;
  /** How many purges it has, those that are not understood included. */
  readonly rows: number;
  /** When the last of them was submitted, in milliseconds; missing where it does not say so. */
  readonly lastSubmittedMs?: number;
}

/** What to list. */
export interface PurgeQuery {
  /** Purges that were submitted before this, in milliseconds, are left out. */
  readonly fromMs: number;
  readonly offset: number;
}

/** The most purges in a page (the page "Get list of purge requests"). */
export const mostInPage = 200;

/** @returns the path that lists purges, the oldest first */
export function purgesPath({ fromMs, offset }: PurgeQuery): string {
  const from = `${new Date(fromMs).toISOString().slice(0, 19)}Z`;
  return `/cdn/purges?startdate=${from}&offset=${offset}&limit=${mostInPage}&sortBy=submissionTime&sortOrder=asc`;
}

/** @returns what the body of `GET /cdn/purges` says; undefined where it is not understood */
export function readPurgePage(body: string): PurgePage | undefined {
  const json = parse(body);
  if (!isRecord(json) || !Array.isArray(json.purgeRequests)) return undefined;
  const rows: readonly unknown[] = json.purgeRequests;
  const observations = rows.flatMap((row) => {
    const observation = readPurge(row);
    return isRecord(row) && typeof row.id === 'string' && observation ? [[row.id, observation] as const] : [];
  });
  const last = rows.at(-1);
  const lastSubmittedMs = isRecord(last) ? timeOf(last.submissionTime) : undefined;
  return {
    observations: new Map(observations),
    rows: rows.length,
    ...(lastSubmittedMs !== undefined && { lastSubmittedMs }),
  };
}

/** @returns what an answer to `GET /cdn/purges/{id}` says; undefined where it says nothing of the purge */
export function readPurgeAnswer(body: string, status: number): Observation | undefined {
  const json = parse(body);
  // Somebody else, such as a proxy, may answer 404, too.
  if (status === 404) {
    return isRecord(json) && json.code === 'InvalidPurgeTaskId' ? { kind: 'unknown' } : undefined;
  }
  return status === 200 ? readPurge(json) : undefined;
}

function readPurge(json: unknown): Observation | undefined {
  if (!isRecord(json)) return undefined;
  const { status, successRate, finishTime } = json;
  if (status === 'waiting' || status === 'inprogress') {
    return { kind: 'underway', ...(typeof successRate === 'number' && { successRate }) };
  }
  if (status !== 'finished' || typeof successRate !== 'number') return undefined;
  const finishedMs = timeOf(finishTime);
  return { kind: 'finished', successRate, ...(finishedMs !== undefined && { finishedMs }) };
}

function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
