import pMap from 'p-map';
import type { OpenPurge } from '../../aws/tables/journal-table.ts';
import type { FollowedPurge } from '../../core/following/followed-purge.ts';
import { countedOn } from '../../core/following/replaced.ts';
import { fileKey } from '../../core/model/entry-key.ts';
import { isContradicted, isNewer } from '../../core/model/shows.ts';
import type { PurgeEntry, Shows } from '../../core/model/types.ts';
import { isVersion, provableIn, shownIn } from '../../core/proving/choose.ts';
import { describeError } from '../../lambda/log.ts';
import { followEvents } from '../../lambda/log-events.ts';
import type { FollowPorts } from './follow-ports.ts';

/** What files of a purge have to show, by their keys; of which version is not known, only since when. */
export type Versions = ReadonlyMap<string, Shows>;

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
 * @param hasTime asked before each of these is read
 * @returns the keys of its files that other purges know a newer version of, or another one of the same time; undefined where
 *   there was no time to read all of them
 */
export async function newerElsewhere(
  purge: OpenPurge,
  entries: readonly PurgeEntry[],
  open: readonly OpenPurge[],
  versionsOf: VersionReader,
  hasTime: () => boolean,
): Promise<ReadonlySet<string> | undefined> {
  const files = provableIn(entries).map((file) => [fileKey(file), file.shows] as const);
  const newer = new Set<string>();
  for (const other of open) {
    if (other.purgeId === purge.purgeId || !other.provable || !mayShare(other, purge)) continue;
    if (!hasTime()) return undefined;
    const versions = await versionsOf(other.purgeId);
    for (const [key, own] of files) {
      const shows = versions.get(key);
      if (shows !== undefined && mayBeNewer(shows, own)) newer.add(key);
    }
  }
  return newer;
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

/** @returns whether a version is newer than another one, or nobody knows which of them is */
export function mayBeNewer(shows: Shows, than: Shows): boolean {
  return isNewer(shows, than) || isContradicted(than, shows);
}

/** Of many entries a purge has no hashes: which files it has is only in its messages. */
function mayShare(other: FollowedPurge, purge: FollowedPurge): boolean {
  return other.entryHashes === undefined || purge.entryHashes === undefined || isShared(other, purge);
}

function isShared(other: FollowedPurge, { entryHashes: own = [] }: FollowedPurge): boolean {
  return own.some((hash) => other.entryHashes?.includes(hash));
}
