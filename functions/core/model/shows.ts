import { compareSequencers } from './objects/sequencer.ts';
import { isRecord } from './record.ts';
import type { ChangeAction, OriginChange, PurgeEntry, Shows } from './types.ts';

/**
 * @param latest what happened last to the object, as far as that is known
 * @returns what the files of an object show once they are fresh; undefined for changes of anything else
 */
export function showsOf(change: OriginChange, latest: ChangeAction): Shows | undefined {
  if (!('shows' in change) || change.shows === undefined) return undefined;
  if (latest === change.action) return change.shows;
  // A newer change has its own version.
  const { etag: _, gone: __, ...unknown } = change.shows;
  return unknown;
}

/** @returns the first of two entries that purge the same, with what the newer change has it show */
export function withNewestShows<Entry extends PurgeEntry>(entry: Entry, other: PurgeEntry): Entry {
  if (entry.kind !== 'file' || other.kind !== 'file' || other.shows === undefined) return entry;
  if (isNewer(other.shows, entry.shows)) return { ...entry, shows: other.shows };
  if (entry.shows === undefined || !isContradicted(entry.shows, other.shows)) return entry;
  return { ...entry, shows: { sinceMs: entry.shows.sinceMs } };
}

/** @returns an entry of which a newer change is known, which has another version */
export function withoutVersion(entry: PurgeEntry): PurgeEntry {
  if (entry.kind !== 'file' || entry.shows?.header === undefined) return entry;
  return { ...entry, shows: { sinceMs: entry.shows.sinceMs } };
}

/** @returns whether two versions have the same time, so that nobody knows which is the newer one */
export function isContradicted(
  { header: own, sinceMs }: Shows,
  { header, sinceMs: otherMs }: Shows,
): boolean {
  return sinceMs === otherMs && (own?.name !== header?.name || own?.value !== header?.value);
}

/** @returns whether what a file shows is from a newer change than something else that it may show */
export function isNewer(shows: Shows, than: Shows | undefined): boolean {
  if (than === undefined) return true;
  if (shows.sinceMs !== than.sinceMs) return shows.sinceMs > than.sinceMs;
  // EventBridge tells whole seconds.
  return compareSequencers(shows.sequencer ?? '', than.sequencer ?? '') > 0;
}

/** Reads what an entry of a message shows; what is not understood is left out. */
export function readShows(value: unknown): Shows | undefined {
  if (!isRecord(value) || !Number.isSafeInteger(value.sinceMs)) return undefined;
  const { etag, gone, header, sinceMs, sequencer } = value;
  return {
    ...(typeof etag === 'string' && { etag }),
    ...(gone === true && { gone }),
    ...(isRecord(header) &&
      typeof header.name === 'string' &&
      typeof header.value === 'string' && { header: { name: header.name, value: header.value } }),
    sinceMs: Number(sinceMs),
    ...(typeof sequencer === 'string' && { sequencer }),
  };
}
