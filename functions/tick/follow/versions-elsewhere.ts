import pMap from 'p-map';
import { daysBetween } from '../../aws/journal/url-search.ts';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { FollowedPurge } from '../../core/following/followed-purge.ts';
import { countedOn } from '../../core/following/replaced.ts';
import { fileKey } from '../../core/model/entry-key.ts';
import { isContradicted, isNewer } from '../../core/model/shows.ts';
import type { PurgeEntry, Shows } from '../../core/model/types.ts';
import { isVersion, provableIn, shownIn } from '../../core/proving/choose.ts';
import type { Probe } from '../../core/proving/probe.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';

/** What files of a purge have to show, by their keys; of which version is not known, only since when. */
type Versions = ReadonlyMap<string, Shows>;

/** Reads them by a purge's ID, each once. */
export type VersionReader = (purgeId: string) => Promise<Versions>;

const concurrency = 16;

/** @returns what reads from the journal, for one tick */
export function createVersionReader(journal: FollowPorts['journal']): VersionReader {
  const known = new Map<string, Promise<Versions>>();
  return (purgeId) => {
    const versions = known.get(purgeId) ?? readVersions(purgeId, journal);
    known.set(purgeId, versions);
    return versions;
  };
}

/**
 * Where events come late, the purge of an older change may be made after that of a newer one: what the older change made of a
 * file proves nothing then.
 * @param entries of the purge
 * @param open all that are followed
 * @returns the keys of its files that other purges know a newer version of, or another one of the same time
 */
export async function newerElsewhere(
  purge: OpenPurge,
  entries: readonly PurgeEntry[],
  open: readonly OpenPurge[],
  versionsOf: VersionReader,
): Promise<ReadonlySet<string>> {
  const files = provableIn(entries).map((file) => [fileKey(file), file.shows] as const);
  const newer = new Set<string>();
  for (const other of open) {
    if (other.purgeId === purge.purgeId || !other.provable || !mayShare(other, purge)) continue;
    const versions = await versionsOf(other.purgeId);
    for (const [key, own] of files) {
      const shows = versions.get(key);
      if (shows !== undefined && mayBeNewer(shows, own)) newer.add(key);
    }
  }
  return newer;
}

/** The clock of a change's source may be ahead by this, in milliseconds. */
const aheadMs = 60 * 60_000;
/** What is older was in the dead letter queue for longer than that keeps it, or has a wrong time, in milliseconds. */
const mostBackMs = 15 * 24 * 60 * 60_000;

/** A purge, and the probes that have proven its files. */
export interface ProvenFiles {
  readonly purge: OpenPurge;
  readonly probes: readonly Probe[];
}

/**
 * A purge of a newer change may have ended already: as what was repaired, which waits in the queue or for tokens, or as a
 * failed one. One that is followed has other entries where it deletes what this one invalidates.
 * @param proven that were seen in the versions that they know
 * @returns the IDs of those of which another purge of their URLs knows a newer version
 * @throws what DynamoDB throws
 */
export async function newerByUrl(
  proven: readonly ProvenFiles[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'search' | 'nowMs'>,
): Promise<ReadonlySet<string>> {
  if (proven.length === 0) return new Set();
  const probes = proven.flatMap((each) => each.probes);
  const acceptedMs = proven.map(({ purge }) => purge.acceptedMs);
  const versions = await versionsByUrl(probes, Math.min(...acceptedMs), versionsOf, ports);
  const isOutdated = (probe: Probe) =>
    versions.some((known) => {
      const other = known.get(keyOf(probe));
      return other !== undefined && mayBeNewer(other, probe.shows);
    });
  return new Set(proven.flatMap(({ purge, probes }) => (probes.some(isOutdated) ? [purge.purgeId] : [])));
}

/**
 * Where a version was removed, the one before is back, which is from before any change.
 * @param stale that were seen to be old
 * @returns those of which another purge of their URLs knows that something newer is shown, and not what
 * @throws what DynamoDB throws
 */
export async function removedSince(
  stale: readonly Probe[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'search' | 'nowMs'>,
): Promise<ReadonlySet<Probe>> {
  if (stale.length === 0) return new Set();
  const versions = await versionsByUrl(stale, Number.POSITIVE_INFINITY, versionsOf, ports);
  const newestOf = (probe: Probe) =>
    versions.reduce((newest, known) => {
      const other = known.get(keyOf(probe));
      return other !== undefined && isNewer(other, newest) ? other : newest;
    }, probe.shows);
  return new Set(stale.filter((probe) => !isVersion(newestOf(probe))));
}

/** @returns what purges of the probes' URLs have to show, that were accepted since a time or since the probes' changes */
async function versionsByUrl(
  probes: readonly Probe[],
  sinceMs: number,
  versionsOf: VersionReader,
  { search, nowMs }: Pick<FollowPorts, 'search' | 'nowMs'>,
): Promise<readonly Versions[]> {
  const urls = [...new Set(probes.map(({ url }) => url))];
  // A newer change has happened after these, and was purged after that, however long these have waited.
  const firstMs = Math.min(sinceMs, ...probes.map(({ shows }) => shows.sinceMs));
  const fromMs = Math.max(nowMs() - mostBackMs, firstMs - aheadMs);
  const days = await Promise.all(daysBetween(fromMs, nowMs()).map((day) => search.find(day, urls, fromMs)));
  const named = days.flatMap(({ purges }) => purges).filter(({ isNamed }) => isNamed);
  return pMap(named, ({ purgeId }) => versionsOf(purgeId), { concurrency });
}

function keyOf({ url, headers }: Probe): string {
  return fileKey({ url, ...(headers && { headers }) });
}

/**
 * A later purge of the same URLs may know no version of them, as that of a listing or by hand does, or an older one, where
 * S3's events came late: what it is asked about then says nothing of these.
 * @param purges that later ones of the same URLs would be proven in the place of
 * @param open those that are followed
 * @param versionsOf reads what their files have to show
 * @returns by the IDs of those of which each file is proven so, in its version or a newer one, the IDs of the purges that
 *   are to show them
 */
export async function provenLater(
  purges: readonly OpenPurge[],
  open: readonly OpenPurge[],
  versionsOf: VersionReader,
  { log }: Pick<FollowPorts, 'log'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  async function showing(purge: OpenPurge): Promise<readonly string[] | undefined> {
    let left = [...(await versionsOf(purge.purgeId))].filter(([, shows]) => isVersion(shows));
    const later = countedOn(purge, open).filter((other) => other.provable && isShared(other, purge));
    const showing: string[] = [];
    for (const { purgeId } of later.toReversed()) {
      if (left.length === 0) break;
      const versions = await versionsOf(purgeId);
      const rest = left.filter(([key, shows]) => {
        const shownLater = versions.get(key);
        return shownLater === undefined || !isVersion(shownLater) || mayBeNewer(shows, shownLater);
      });
      if (rest.length < left.length) showing.push(purgeId);
      left = rest;
    }
    return left.length === 0 ? showing : undefined;
  }

  const proven = await pMap(
    purges,
    async (purge) => {
      const { purgeId } = purge;
      try {
        const ids = await showing(purge);
        return ids === undefined ? [] : [[purgeId, ids] as const];
      } catch (error) {
        log.warn(followEvents.notSampled, { purgeId, error: describeError(error) });
        return [];
      }
    },
    { concurrency },
  );
  return new Map(proven.flat());
}

async function readVersions(purgeId: string, journal: FollowPorts['journal']): Promise<Versions> {
  const messages = await journal.messages(purgeId);
  return shownIn(messages.flatMap(({ entries }) => entries));
}

function mayBeNewer(shows: Shows, than: Shows): boolean {
  return isNewer(shows, than) || isContradicted(than, shows);
}

/** Of many entries a purge has no hashes: which files it has is only in its messages. */
function mayShare(other: FollowedPurge, purge: FollowedPurge): boolean {
  return other.entryHashes === undefined || purge.entryHashes === undefined || isShared(other, purge);
}

function isShared(other: FollowedPurge, { entryHashes: own = [] }: FollowedPurge): boolean {
  return own.some((hash) => other.entryHashes?.includes(hash));
}
