import { sendMessages } from '../../../../functions/buffer/send-messages.ts';
import { byHandSource } from '../../../../functions/core/limits/tokens/lane.ts';
import {
  type ChangeReference,
  messageVersion,
  writeInParts,
} from '../../../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../../../functions/core/model/types.ts';
import { readCaller } from '../caller.ts';
import type { Purger } from '../connect.ts';

/** What was sent by hand. */
export interface SentByHand {
  /** What it is found by. */
  readonly change: ChangeReference;
  /** Why messages could not be sent; none where all were. */
  readonly unsent: readonly string[];
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
  return { change, unsent: unsent.map(({ reason }) => reason) };
}
