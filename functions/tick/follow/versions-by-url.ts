import pMap from 'p-map';
import { daysBetween } from '../../aws/journal/url-search.ts';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import { fileKey } from '../../core/model/entry-key.ts';
import { isNewer } from '../../core/model/shows.ts';
import type { Shows } from '../../core/model/types.ts';
import { isVersion } from '../../core/proving/choose.ts';
import type { Probe } from '../../core/proving/probe.ts';
import type { FollowPorts } from './follow-ports.ts';
import { mayBeNewer, type VersionReader, type Versions } from './versions-elsewhere.ts';

const concurrency = 16;

/** The clock of a CMS may be ahead by this, in milliseconds. */
const aheadMs = 60 * 60_000;
/** AWS's own clocks differ by less, in milliseconds. A search reads, and pays, all purges since then. */
const aheadOnAwsMs = 60_000;
/** What is older was in the dead letter queue for longer than that keeps it, or has a wrong time, in milliseconds. */
const mostBackMs = 15 * 24 * 60 * 60_000;

/** A purge, and the probes that have proven its files. */
export interface ProvenFiles {
  readonly purge: OpenPurge;
  readonly probes: readonly Probe[];
}

/** In bulk, so many purges of a day are looked through at most: the whole of a large backlog would cost as much as following it. */
const mostInBulk = 2000;

/** What is known of newer versions of proven files, by the IDs of their purges. */
export interface NewerVersions {
  /** Another purge of their URLs knows one. */
  readonly newer: ReadonlySet<string>;
  /** There were too many purges to look through. */
  readonly unknown: ReadonlySet<string>;
}

/**
 * A purge of a newer change may have ended already: as what was repaired, which waits in the queue or for tokens, or as a
 * failed one. One that is followed has other entries where it deletes what this one invalidates.
 * @param proven that were seen in the versions that they know
 * @throws what DynamoDB throws
 */
export async function newerByUrl(
  proven: readonly ProvenFiles[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'search' | 'nowMs'>,
): Promise<NewerVersions> {
  const isOfBulk = ({ purge }: ProvenFiles) => purge.lane === 'bulk';
  const [bulk, others] = await Promise.all([
    newerIn(proven.filter(isOfBulk), versionsOf, ports, mostInBulk),
    newerIn(
      proven.filter((each) => !isOfBulk(each)),
      versionsOf,
      ports,
    ),
  ]);
  return { newer: new Set([...bulk.newer, ...others.newer]), unknown: bulk.unknown };
}

async function newerIn(
  proven: readonly ProvenFiles[],
  versionsOf: VersionReader,
  ports: Pick<FollowPorts, 'search' | 'nowMs'>,
  most?: number,
): Promise<NewerVersions> {
  if (proven.length === 0) return { newer: new Set(), unknown: new Set() };
  const probes = proven.flatMap((each) => each.probes);
  const acceptedMs = proven.map(({ purge }) => purge.acceptedMs);
  const known = await versionsByUrl(probes, Math.min(...acceptedMs), versionsOf, ports, most);
  const isOutdated = (probe: Probe) =>
    known?.some((versions) => {
      const other = versions.get(keyOf(probe));
      return other !== undefined && mayBeNewer(other, probe.shows);
    });
  const newer = proven.flatMap(({ purge, probes }) => (probes.some(isOutdated) ? [purge.purgeId] : []));
  const unknown = known === undefined ? proven.map(({ purge }) => purge.purgeId) : [];
  return { newer: new Set(newer), unknown: new Set(unknown) };
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
    (versions ?? []).reduce((newest, known) => {
      const other = known.get(keyOf(probe));
      return other !== undefined && isNewer(other, newest) ? other : newest;
    }, probe.shows);
  return new Set(stale.filter((probe) => !isVersion(newestOf(probe))));
}

/**
 * @param most of how many purges of a day it is looked for
 * @returns what purges of the probes' URLs have to show, that were accepted since a time or since the probes' changes;
 *   undefined where there are more of whatever URLs
 */
async function versionsByUrl(
  probes: readonly Probe[],
  sinceMs: number,
  versionsOf: VersionReader,
  { search, nowMs }: Pick<FollowPorts, 'search' | 'nowMs'>,
  most?: number,
): Promise<readonly Versions[] | undefined> {
  const urls = [...new Set(probes.map(({ url }) => url))];
  // A newer change has happened after these, and was purged after that, however long these have waited.
  const firstMs = Math.min(sinceMs, ...probes.map(({ shows }) => shows.sinceMs - mostAheadMs(shows)));
  const fromMs = Math.max(nowMs() - mostBackMs, firstMs);
  const days = await Promise.all(
    daysBetween(fromMs, nowMs()).map((day) => search.find(day, urls, fromMs, most)),
  );
  if (days.some(({ isCut }) => isCut)) return undefined;
  const named = days.flatMap(({ purges }) => purges).filter(({ isNamed }) => isNamed);
  return pMap(named, ({ purgeId }) => versionsOf(purgeId), { concurrency });
}

/** @returns how far the clock that a version has its time from may be ahead, in milliseconds: only S3 tells a sequencer */
function mostAheadMs({ sequencer }: Shows): number {
  return sequencer === undefined ? aheadMs : aheadOnAwsMs;
}

function keyOf({ url, headers }: Probe): string {
  return fileKey({ url, ...(headers && { headers }) });
}
