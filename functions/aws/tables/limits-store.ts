import { randomUUID } from 'node:crypto';
import { type LimitsState, lostLimits, unusedLimits } from '../../core/limits/limits.ts';
import type { RateWindow } from '../../core/limits/requests/window.ts';
import { windowUsedPartition } from './ledger-keys.ts';
import { type LimitsItem, readLimits, writeLimits } from './limits-item.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** The limits as they were read, or as they have to be taken to be. */
export interface StoredState {
  readonly state: LimitsState;
  /** Whether the item does not have this state yet. */
  readonly isNew: boolean;
  /** The item's version, and the one that it gets when this state is written. */
  readonly version: number;
  readonly nextVersion: number;
}

/** Options of {@link createLimitsStore}. */
export interface LimitsStoreOptions extends LimitsItem {
  /** See `reserve`. */
  readonly guardMs: number;
  readonly nowMs: () => number;
}

/** The attributes of the mark that the limits were written once. */
interface UsedMark {
  readonly atMs: number;
}

/** The mark is written before the item: for so long after it, a missing item may be one that is about to come. */
const firstWriteMs = 10_000;

/**
 * The limits' item with a memory of it: an item that was there once and is not any more, or is older than it was, was
 * deleted or restored. Then nobody knows what was sent, as where something else was written over it.
 */
export function createLimitsStore(options: LimitsStoreOptions) {
  const { limits, guardMs, nowMs } = options;
  const mark = { ...options, pk: windowUsedPartition };
  let seenVersion = 0;
  let seenDeclared: RateWindow['declared'] = {};

  /** Whether the item was written once, so that it is missing because it was lost. */
  async function wasUsed(): Promise<boolean> {
    const { attributes } = await readItem<UsedMark>(mark);
    return attributes !== undefined && nowMs() - (attributes.atMs ?? 0) > firstWriteMs;
  }

  return {
    async read(): Promise<StoredState> {
      // What is written here while it is read may be newer.
      const seenBefore = seenVersion;
      const { state, isWindowAlone, isBroken, version } = await readLimits(options, nowMs());
      if (isBroken || version < seenBefore || (state === undefined && (await wasUsed()))) {
        // A version that nobody has seen yet, so that no other consumer takes this state for an old one.
        const nextVersion = Math.max(seenVersion, version, nowMs()) + 1;
        return {
          state: lostLimits(limits, seenDeclared, guardMs, nowMs()),
          isNew: true,
          version,
          nextVersion,
        };
      }
      seenVersion = Math.max(seenVersion, version);
      seenDeclared = state?.window.declared ?? {};
      const nextVersion = version + 1;
      if (state === undefined) {
        return { state: unusedLimits(limits, nowMs()), isNew: true, version, nextVersion };
      }
      return { state, isNew: isWindowAlone, version, nextVersion };
    },

    /** @returns whether the state was written: nobody else has written since it was read */
    async write({ isNew, version, nextVersion }: StoredState, state: LimitsState): Promise<boolean> {
      if (isNew) await writeItem(mark, { atMs: nowMs() } satisfies UsedMark, 0);
      const isWritten = await writeLimits(options, state, version, nextVersion, randomUUID());
      if (isWritten) {
        seenVersion = nextVersion;
        seenDeclared = state.window.declared;
      }
      return isWritten;
    },
  };
}
