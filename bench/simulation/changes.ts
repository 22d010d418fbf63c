import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { type ChangeReference, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { VirtualClock } from './world/clock.ts';

/** A change as a source makes it. */
export interface Change {
  readonly atMs: number;
  readonly url: string;
  /**
   * The purge entry of the change.
   * @default a file to invalidate
   */
  readonly entry?: PurgeEntry;
  /**
   * What the message says of the change.
   * @default an object that was put
   */
  readonly reference?: ChangeReference;
}

/** @returns the message for a change, as a receiver writes it */
export function messageFor(change: Change): string {
  const { atMs, url } = change;
  const occurredAt = new Date(atMs).toISOString();
  const object = { source: 's3', action: 'put', id: `s3://bucket/${url.slice(-40)}`, occurredAt };
  return writeMessage({ v: 1, change: change.reference ?? object, entries: [entryOf(change)] });
}

/** @returns the entry that a change makes */
export function entryOf({ url, entry }: Change): PurgeEntry {
  return entry ?? { kind: 'file', url, target: 'production', action: 'invalidate' };
}

/** @returns the entries of the messages that can be read */
export function entriesIn(bodies: readonly string[]): readonly PurgeEntry[] {
  return bodies
    .flatMap((body) => readMessages(body))
    .flatMap((read) => (read.kind === 'unreadable' ? [] : read.message.entries));
}

/** Gives the changes to the world as their time comes, one event at a time, so that the clock holds few of them. */
export function feed(
  clock: VirtualClock,
  changes: readonly Change[],
  happen: (change: Change, index: number) => void,
): void {
  let next = 0;
  const step = () => {
    for (;;) {
      const change = changes[next];
      if (change === undefined) return;
      if (change.atMs > clock.nowMs()) {
        clock.at(change.atMs, step);
        return;
      }
      happen(change, next++);
    }
  };
  clock.at(0, step);
}
