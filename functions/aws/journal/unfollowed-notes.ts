import { PurgerError } from '../../core/model/errors.ts';
import { unfollowedPartition } from '../tables/ledger-keys.ts';
import { type ItemAddress, readItem, writeItem } from '../tables/versioned-item.ts';

/** Purges that CDN Pro has accepted, and that nobody follows since the journal could not be written. */
export interface Unfollowed {
  /** How many there were since then. */
  readonly count: number;
  /** When CDN Pro accepted the first one, in milliseconds. */
  readonly sinceMs: number;
  /** When it accepted the last one, in milliseconds. */
  readonly lastMs: number;
  /** The IDs of the last ones. */
  readonly purgeIds: readonly string[];
}

/** Keeps them where the journal is not, for people and for an alarm. */
export interface UnfollowedNotes {
  /** @returns those of the last day; undefined where there are none */
  read(): Promise<Unfollowed | undefined>;
  /** @throws what DynamoDB throws, and NotNotedError where others write all the time */
  add(purgeId: string, acceptedMs: number): Promise<void>;
}

/** Nothing more is expected of a purge after a day, in milliseconds. */
const longestMs = 24 * 60 * 60_000;
const mostIds = 20;
/** Consumers write at the same moment. */
const mostAttempts = 5;

/** An unfollowed purge could not be noted. */
export class NotNotedError extends PurgerError {
  override readonly name = 'NotNotedError';
}

/**
 * @param table of what waits, in whose index this item is not: where the journal's cannot be written, another one mostly can
 * @returns notes in it
 */
export function createUnfollowedNotes({
  nowMs,
  ...table
}: Omit<ItemAddress, 'pk'> & { readonly nowMs: () => number }): UnfollowedNotes {
  const address = { ...table, pk: unfollowedPartition };

  async function read() {
    const { attributes, version } = await readItem<Unfollowed>(address);
    const { count = 0, sinceMs = 0, lastMs = 0, purgeIds = [] } = attributes ?? {};
    const isTooOld = count === 0 || nowMs() - lastMs >= longestMs;
    return { known: isTooOld ? undefined : { count, sinceMs, lastMs, purgeIds }, version };
  }

  return {
    read: async () => (await read()).known,

    async add(purgeId, acceptedMs) {
      for (let attempt = 0; attempt < mostAttempts; attempt++) {
        const { known, version } = await read();
        const { count, sinceMs, lastMs, purgeIds } = known ?? {
          count: 0,
          sinceMs: acceptedMs,
          lastMs: acceptedMs,
          purgeIds: [],
        };
        const next: Unfollowed = {
          count: count + 1,
          sinceMs: Math.min(sinceMs, acceptedMs),
          lastMs: Math.max(lastMs, acceptedMs),
          purgeIds: [...purgeIds, purgeId].slice(-mostIds),
        };
        if (await writeItem(address, next, version)) return;
      }
      throw new NotNotedError(`expected to note purge '${purgeId}', and others wrote ${mostAttempts} times`);
    },
  };
}
