import { readMessages } from '../../core/model/messages/combined-messages.ts';
import { writeInParts } from '../../core/model/purge-message.ts';
import type { BufferedMessage, SubmitPorts } from '../ports.ts';

/**
 * Requeues the messages of a combined one that cannot be submitted, each alone, so that the one at fault takes no others
 * into the dead letter queue.
 * @returns the IDs that have to be delivered again: of a message that was not combined, or could not be requeued
 */
export async function splitCombined(
  record: BufferedMessage | undefined,
  { requeue }: SubmitPorts,
  hasTime: () => boolean = () => true,
): Promise<readonly string[]> {
  if (record === undefined) return [];
  const parts = readMessages(record.body);
  if (parts.length === 1) return [record.messageId];
  const bodies = parts.flatMap((part) => (part.kind === 'message' ? writeInParts(part.message) : part.body));
  const unsent = await requeue(
    bodies.map((body) => ({ body })),
    hasTime,
  );
  return unsent.length === 0 ? [] : [record.messageId];
}
