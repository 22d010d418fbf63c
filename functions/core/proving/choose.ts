import { entryKey, fileKey, headersKey } from '../model/entry-key.ts';
import { groupBy } from '../model/group-by.ts';
import { lanes } from '../model/lanes.ts';
import { withNewestShows } from '../model/shows.ts';
import type { FileEntry, Lane, PurgeEntry, Shows, Target } from '../model/types.ts';
import { directoryOf } from '../planning/wildcard.ts';
import { askedEveryMs, longestAnswerMs, type Probe } from './probe.ts';
import type { Vantages } from './vantages.ts';

/** All URLs of a purge are probed up to this many, and this many of a larger one. */
export const mostOfPurge = 10;
/** A host is asked once a second: so often at most in the longest time that a tick waits for it. */
export const mostOfHost = 20;
/** For bulk, which nobody waits for, less: the functions that wait for answers are paid by the second. */
const mostOfHostInBulk = 5;
/** As many answers as fit into what a function may answer, whatever they hold. */
const mostAtOnce = 200;

/** A purge that has completed. */
export interface ToProve {
  readonly purgeId: string;
  readonly target: Target;
  readonly lane: Lane;
  readonly sample: Sample;
}

/** What can be probed of a purge. */
export interface Sample {
  /** How many files there are of which it is known what they show. */
  readonly provable: number;
  /** How many files there are which a newer change has another purge of. */
  readonly newer: number;
  /** How many other entries there are, which may be old at the edge whatever probes say. */
  readonly others: number;
  /** So many of them as are probed at most, those in front that say the most. */
  readonly files: readonly ProvableEntry[];
}

type ProvableEntry = FileEntry & { readonly shows: Shows };

/**
 * @param newer the keys of files that another purge was made of for a newer change: what this one's change made of them proves
 *   nothing
 * @returns the sample of a purge: all files of a small one, and of a large one some of each directory and header set
 */
export function sampleOf(entries: readonly PurgeEntry[], newer: ReadonlySet<string> = new Set()): Sample {
  const all = provableIn(entries);
  const known = new Set(all.map(fileKey));
  const provable = all.filter((file) => !newer.has(fileKey(file)));
  const others = new Set(
    entries.flatMap((entry) => (entry.kind === 'file' && known.has(fileKey(entry)) ? [] : entryKey(entry))),
  );
  const files = spread(provable).slice(0, mostOfPurge);
  return { provable: provable.length, newer: all.length - provable.length, others: others.size, files };
}

/** @returns files of which it is known what they show, each once, with the newest that is known of it */
export function provableIn(entries: readonly PurgeEntry[]): readonly ProvableEntry[] {
  return [...newestShown(entries)].flatMap(([, entry]) => (isProvableFile(entry) ? [entry] : []));
}

/** @returns by the keys of files, what the newest change has them show, be it known or not */
export function shownIn(entries: readonly PurgeEntry[]): ReadonlyMap<string, Shows> {
  const shown = [...newestShown(entries)];
  return new Map(shown.flatMap(([key, { shows }]) => (shows === undefined ? [] : [[key, shows]])));
}

function newestShown(entries: readonly PurgeEntry[]): ReadonlyMap<string, FileEntry> {
  const files = new Map<string, FileEntry>();
  for (const entry of entries) {
    if (entry.kind !== 'file' || entry.shows === undefined) continue;
    const key = fileKey(entry);
    files.set(key, withNewestShows(files.get(key) ?? entry, entry));
  }
  return files;
}

/** @returns whether there is a file among entries of which it is known what it shows */
export function isProvable(entries: readonly PurgeEntry[]): boolean {
  return entries.some((entry) => entry.kind === 'file' && isProvableFile(entry));
}

function isProvableFile(entry: FileEntry): entry is ProvableEntry {
  const { url, shows } = entry;
  return shows !== undefined && isVersion(shows) && URL.canParse(url);
}

/** @returns whether it is known what a file shows, and not only since when */
export function isVersion({ etag, header, gone }: Shows): boolean {
  return etag !== undefined || header !== undefined || gone === true;
}

/**
 * Chooses what is probed of the samples. Where more purges have completed than a host may be asked for, each has one
 * probe before any has a second one, in the order of their lanes, as far as bulk may be probed.
 * @param vantages each probe asks all of its target's
 * @param withinMs how long there is for them, in milliseconds: what is chosen can be asked in it, whatever its order
 * @returns the probes of each purge, none where there was no room
 */
export function chooseProbes(
  purges: readonly ToProve[],
  vantages: Vantages,
  withinMs = Number.POSITIVE_INFINITY,
): ReadonlyMap<string, readonly Probe[]> {
  const mostInTime = Math.min(mostOfHost, Math.floor((withinMs - longestAnswerMs) / askedEveryMs));
  const chosen = new Map<string, Probe[]>(purges.map(({ purgeId }) => [purgeId, []]));
  const asked = new Map<string, number>();
  const askedInBulk = new Map<string, number>();
  let left = mostAtOnce;
  const byLane = purges.toSorted((a, b) => lanes.indexOf(a.lane) - lanes.indexOf(b.lane));
  for (let round = 0; round < mostOfPurge; round++) {
    for (const { purgeId, target, lane, sample } of byLane) {
      const entry = sample.files[round];
      if (entry === undefined) continue;
      const host = hostOf(entry.url);
      const requests = vantages[target].length;
      const sum = (asked.get(host) ?? 0) + requests;
      const inBulk = (askedInBulk.get(host) ?? 0) + (lane === 'bulk' ? requests : 0);
      const isTooMuch = sum > mostInTime || inBulk > Math.max(mostOfHostInBulk, requests);
      if (requests === 0 || isTooMuch || requests > left) continue;
      asked.set(host, sum);
      askedInBulk.set(host, inBulk);
      left -= requests;
      chosen.get(purgeId)?.push(probeOf(entry));
    }
  }
  return chosen;
}

function probeOf({ target, url, headers, shows }: ProvableEntry): Probe {
  return { target, url, ...(headers !== undefined && { headers }), shows };
}

/** @returns the same, one of each directory and header set in front, then another one of each, and so on */
function spread(entries: readonly ProvableEntry[]): readonly ProvableEntry[] {
  const groups = [...groupBy(entries, (entry) => `${directoryOf(entry.url)} ${headersKey(entry)}`).values()];
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => groups.flatMap((group) => group[index] ?? [])).flat();
}

function hostOf(url: string): string {
  return URL.parse(url)?.hostname ?? '';
}
