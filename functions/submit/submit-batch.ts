import { entryText } from '../core/model/entry-text.ts';
import { readMessage } from '../core/model/purge-message.ts';
import { planRequests } from '../core/planning/plan.ts';
import type { PlannedRequest } from '../core/planning/planned-request.ts';
import { entriesInOrder } from '../core/planning/superseded.ts';
import { submitEvents } from '../lambda/log-events.ts';
import { createBatch, type MessageInHand } from './batch.ts';
import type { BufferedMessage, SubmitOptions, SubmitPorts } from './ports.ts';
import { requeueUnsent } from './return-messages.ts';
import { sendRequests } from './send-requests.ts';

/**
 * Submits what a batch of messages asks for, in as few requests as possible and inside the rate limit.
 *
 * A message is settled when each of its entries was accepted, or is in the dead letter queue with a reason. What
 * is left at the deadline is requeued as a new message, so that waiting uses up no receives.
 * @returns IDs of the messages that are not settled and have to be delivered again
 */
export async function submitBatch(
  records: readonly BufferedMessage[],
  ports: SubmitPorts,
  options: SubmitOptions,
): Promise<readonly string[]> {
  const { messages, failedIds } = await readMessages(records, ports);
  const batch = createBatch(messages, failedIds);
  const requests = planRequests(entriesInOrder(batch.messages.map(({ message }) => message)), options.limits);
  logCoalesced(requests, ports);
  const { left, delaySeconds } = await sendRequests(requests, batch, ports, options);
  await requeueUnsent(left, delaySeconds, batch, ports);
  return [...batch.failed];
}

function logCoalesced(requests: readonly PlannedRequest[], { log }: SubmitPorts): void {
  for (const { entry, isCoalesced, covered = [] } of requests.flatMap(({ entries }) => entries)) {
    if (isCoalesced) {
      log.info(submitEvents.siblingsCoalesced, {
        dirUrl: entryText(entry),
        replaced: covered.map(({ entry }) => entryText(entry)),
      });
    }
  }
}

/** Reads the messages; what cannot be read goes to the dead letter queue as it is. */
async function readMessages(records: readonly BufferedMessage[], ports: SubmitPorts) {
  const messages: MessageInHand[] = [];
  const unreadable: (BufferedMessage & { reason: string })[] = [];
  for (const { messageId, body } of records) {
    const read = readMessage(body);
    if (read.kind === 'message') {
      messages.push({ messageId, message: read.message });
      continue;
    }
    const recovered = ports.recover(body);
    if (recovered !== undefined) messages.push({ messageId, message: recovered.message });
    const rest = recovered?.unreadable ?? [{ body, reason: read.reason }];
    unreadable.push(...rest.map((part) => ({ messageId, ...part })));
  }
  for (const { messageId, reason } of unreadable) {
    ports.log.error(submitEvents.messageUnreadable, { messageId, reason });
  }
  if (unreadable.length > 0) ports.measure('MessagesUnreadable', unreadable.length);
  const unsent = unreadable.length === 0 ? [] : await ports.reject(unreadable);
  return { messages, failedIds: unsent.flatMap(({ index }) => unreadable[index]?.messageId ?? []) };
}
