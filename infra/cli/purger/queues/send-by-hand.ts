import { sendMessages } from '../../../../functions/buffer/send-messages.ts';
import { byHandSource } from '../../../../functions/core/limits/tokens/lane.ts';
import { entryText } from '../../../../functions/core/model/entry-text.ts';
import {
  type ChangeReference,
  messageVersion,
  readMessage,
  writeInParts,
} from '../../../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../../../functions/core/model/types.ts';
import { readCaller } from '../caller.ts';
import type { Purger } from '../connect.ts';

/** An entry that SQS has not taken. */
export interface UnsentEntry {
  /** The URL or pattern. */
  readonly url: string;
  readonly reason: string;
}

/** What was sent by hand. */
export interface SentByHand {
  /** What it is found by. */
  readonly change: ChangeReference;
  readonly queued: readonly PurgeEntry[];
  /** What SQS has not taken, and why; none where it has taken all. */
  readonly unsent: readonly UnsentEntry[];
}

function entriesIn(body: string): readonly PurgeEntry[] {
  const read = readMessage(body);
  return read.kind === 'message' ? read.message.entries : [];
}

/**
 * Puts entries of one scope into the purge queue.
 * @param reason why, in the user's words
 */
export async function sendByHand(
  entries: readonly PurgeEntry[],
  reason: string | undefined,
  purger: Purger,
  nowMs: number,
): Promise<SentByHand> {
  const { clients, queues } = purger;
  const isTakedown = entries[0]?.action === 'delete';
  const by = await readCaller(purger);
  const change: ChangeReference = {
    source: byHandSource,
    action: isTakedown ? 'delete' : 'put',
    id: reason ?? 'purged by hand',
    occurredAt: new Date(nowMs).toISOString(),
    ...(by !== undefined && { by }),
  };
  const lane = isTakedown ? 'takedown' : 'people';
  const bodies = writeInParts({ v: messageVersion, change, entries, lane });
  const unsent = await sendMessages(
    await clients.sqs(),
    queues.buffer,
    bodies.map((body) => ({ body })),
  );
  const reasons = new Map(unsent.map(({ index, reason }) => [index, reason]));
  return {
    change,
    queued: bodies.flatMap((body, index) => (reasons.has(index) ? [] : entriesIn(body))),
    unsent: [...reasons].flatMap(([index, reason]) =>
      entriesIn(bodies[index] ?? '').map((entry) => ({ url: entryText(entry), reason })),
    ),
  };
}
