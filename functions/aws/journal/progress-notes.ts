import { progressPartition } from '../tables/ledger-keys.ts';
import { type ItemAddress, putItem, readItem } from '../tables/versioned-item.ts';

/** What CDN Pro last said of purges that are slow. */
export interface Progress {
  /** When CDN Pro was last asked how far purges are, in milliseconds; missing where no purge was slow yet. */
  readonly askedMs?: number;
  /** By purge ID. */
  readonly seen: Readonly<Record<string, SeenProgress>>;
}

/** What CDN Pro has said of one purge. */
export interface SeenProgress {
  /** When it said so, in milliseconds. */
  readonly atMs: number;
  /** The share of the servers that had obeyed, as a percentage; missing where it did not say so. */
  readonly successRate?: number;
}

/** How far slow purges are, for people alone: nothing is decided by it. */
export interface ProgressNotes {
  read(): Promise<Progress>;
  write(progress: Progress): Promise<void>;
}

/** @returns notes in the journal's table */
export function createProgressNotes(table: Omit<ItemAddress, 'pk'>): ProgressNotes {
  const address = { ...table, pk: progressPartition };
  return {
    async read() {
      const { attributes = {} } = await readItem<Progress>(address);
      const { askedMs, seen = {} } = attributes;
      return { ...(askedMs !== undefined && { askedMs }), seen };
    },
    write: (progress) => putItem(address, progress),
  };
}
