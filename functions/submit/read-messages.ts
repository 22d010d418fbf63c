import { type PurgeMessage, readMessage } from '../core/model/purge-message.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
import type { MessageInHand } from './batch.ts';
import type { BufferedMessage, SubmitPorts } from './ports.ts';

/** Reads the messages; what cannot be read goes to the dead letter queue as it is. */
export async function readMessages(records: readonly BufferedMessage[], ports: SubmitPorts) {
  const messages: MessageInHand[] = [];
  const unreadable: (BufferedMessage & { reason: string })[] = [];
  for (const record of records) {
    const { messageId, attributes } = record;
    const receives = Number(attributes?.ApproximateReceiveCount ?? 1);
    const { message, rest } = readRecord(record, ports);
    if (message !== undefined) messages.push({ messageId, message, receives });
    for (const part of rest) unreadable.push({ messageId, ...part });
  }
  for (const { messageId, reason } of unreadable) {
    ports.log.error(submitEvents.messageUnreadable, { messageId, reason });
  }
  if (unreadable.length > 0) ports.measure('MessagesUnreadable', unreadable.length);
  const unsent = unreadable.length === 0 ? [] : await ports.reject(unreadable);
  return { messages, failedIds: unsent.flatMap(({ index }) => unreadable[index]?.messageId ?? []) };
}

interface ReadRecord {
  readonly message?: PurgeMessage;
  /** What of it cannot be read, and why. */
  readonly rest: readonly { readonly body: string; readonly reason: string }[];
}

/** Reads one message. Whatever it holds, its neighbors in the batch do not suffer from it. */
function readRecord({ body }: BufferedMessage, { recover }: SubmitPorts): ReadRecord {
  try {
    const read = readMessage(body);
    if (read.kind === 'message') return { message: read.message, rest: [] };
    const recovered = recover(body);
    if (recovered === undefined) return { rest: [{ body, reason: read.reason }] };
    return { message: recovered.message, rest: recovered.unreadable };
  } catch (error) {
    const { name, message } = describeError(error);
    return { rest: [{ body, reason: `${name}: ${message}` }] };
  }
}
