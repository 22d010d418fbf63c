import type { Message } from '@aws-sdk/client-sqs';
import { type DeadLetter, readDeadLetter } from '../../queries/dead/dead-letters.ts';
import type { Purger } from '../connect.ts';

/** A dead letter in hand: nobody else receives it until it is returned, deleted, or some minutes have passed. */
export interface HeldLetter extends DeadLetter {
  readonly receiptHandle: string;
}

/** SQS takes and gives at most so many messages at a time. */
const batchSize = 10;

/** The dead letter queue. */
export interface DeadLetterQueue {
  /** @returns up to ten; none where the queue has no more */
  receive(): Promise<readonly HeldLetter[]>;
  /** Lets others receive these again. */
  release(letters: readonly HeldLetter[]): Promise<void>;
  remove(letters: readonly HeldLetter[]): Promise<void>;
}

/**
 * @param heldSeconds for how long what is received is hidden from others, if it is not released before
 * @returns the purger's dead letter queue
 */
export async function openDeadLetters(
  { clients, queues }: Purger,
  heldSeconds: number,
): Promise<DeadLetterQueue> {
  const sqs = await clients.sqs();
  const commands = await import('@aws-sdk/client-sqs');
  const QueueUrl = queues.deadLetters;
  return {
    async receive() {
      const { Messages = [] } = await sqs.send(
        new commands.ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: batchSize,
          VisibilityTimeout: heldSeconds,
          // A short poll asks some of SQS's servers only, and may find nothing where there is something.
          WaitTimeSeconds: 1,
          MessageSystemAttributeNames: ['SentTimestamp'],
          MessageAttributeNames: ['All'],
        }),
      );
      return Messages.map(hold);
    },
    release: (letters) =>
      inBatches(letters, async (batch) => {
        const Entries = batch.map((entry) => ({ ...entry, VisibilityTimeout: 0 }));
        await sqs.send(new commands.ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }));
      }),
    remove: (letters) =>
      inBatches(letters, async (Entries) => {
        await sqs.send(new commands.DeleteMessageBatchCommand({ QueueUrl, Entries }));
      }),
  };
}

function hold({ MessageId = '', Body = '', ReceiptHandle = '', ...message }: Message): HeldLetter {
  const attributes = Object.entries(message.MessageAttributes ?? {}).flatMap(([name, { StringValue }]) =>
    StringValue === undefined ? [] : [[name, StringValue] as const],
  );
  const letter = readDeadLetter({
    id: MessageId,
    sentMs: Number(message.Attributes?.SentTimestamp ?? 0),
    body: Body,
    attributes: Object.fromEntries(attributes),
  });
  return { ...letter, receiptHandle: ReceiptHandle };
}

async function inBatches(
  letters: readonly HeldLetter[],
  send: (batch: { Id: string; ReceiptHandle: string }[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < letters.length; start += batchSize) {
    const batch = letters.slice(start, start + batchSize);
    await send(
      batch.map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle })),
    );
  }
}

/**
 * Looks at dead letters and lets others receive them again.
 * @returns up to about `most` of them
 */
export async function peekDeadLetters(queue: DeadLetterQueue, most: number): Promise<readonly DeadLetter[]> {
  const held = new Map<string, HeldLetter>();
  try {
    while (held.size < most) {
      const letters = await queue.receive();
      if (letters.length === 0) break;
      for (const letter of letters) held.set(letter.id, letter);
    }
  } finally {
    await queue.release([...held.values()]);
  }
  return [...held.values()].map(({ receiptHandle: _, ...letter }) => letter);
}
