import { setTimeout as sleep } from 'node:timers/promises';
import {
  type BatchResultErrorEntry,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { backoffMs } from '../core/model/backoff.ts';
import { byteLength, maxMessageBytes } from '../core/model/purge-message.ts';

/** A message to send. */
export interface OutgoingMessage {
  readonly body: string;
  /** Seconds until a consumer can see it, 0 to 900. */
  readonly delaySeconds?: number;
  /** Why it goes to the dead letter queue, as a message attribute that the console shows. */
  readonly reason?: string;
}

/** A message that could not be sent, by its place in what was given. */
export interface UnsentMessage {
  readonly index: number;
  readonly reason: string;
}

interface Entry extends OutgoingMessage {
  readonly index: number;
}

/** SendMessageBatch takes at most 10 messages and 1 MiB (the SQS quotas page). */
const maxBatchEntries = 10;
const maxAttempts = 4;
const concurrency = 16;

/**
 * Sends messages in as few batches as SQS allows; what fails is tried again, up to four times in all.
 * @param hasTime asked before each batch; those that it says no to are not sent
 * @returns the messages that could not be sent, none if all went well
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly OutgoingMessage[],
  hasTime: () => boolean = () => true,
): Promise<readonly UnsentMessage[]> {
  const batches = packBatches(messages.map((message, index) => ({ ...message, index })));
  const unsent: UnsentMessage[] = [];
  let next = 0;
  const worker = async () => {
    while (next < batches.length) {
      const batch = batches[next++] ?? [];
      const left = hasTime() ? await sendBatch(client, queueUrl, batch) : batch.map(outOfTime);
      unsent.push(...left);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, batches.length) }, worker));
  return unsent;
}

function outOfTime({ index }: Entry): UnsentMessage {
  return { index, reason: "OutOfTime: the function's time is over before it was sent" };
}

/** @returns about how many messages a queue holds that can be received now or later */
export async function countMessages(client: SQSClient, queueUrl: string): Promise<number> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesDelayed'] as const;
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: [...names] }),
  );
  return names.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
}

/** @returns the messages in batches of at most 10 and 1 MiB, in order */
export function packBatches<Message extends OutgoingMessage>(
  messages: readonly Message[],
): readonly (readonly Message[])[] {
  const batches: Message[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const size = sizeOf(message);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length === maxBatchEntries || bytes + size > maxMessageBytes) {
      batches.push([message]);
      bytes = size;
    } else {
      batch.push(message);
      bytes += size;
    }
  }
  return batches;
}

/** SQS counts an attribute's name and type, too. */
function sizeOf({ body, reason }: OutgoingMessage): number {
  return byteLength(body) + (reason === undefined ? 0 : byteLength(`reasonString${reason}`));
}

async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  batch: readonly Entry[],
): Promise<readonly UnsentMessage[]> {
  let waiting = batch;
  for (let attempt = 1; ; attempt++) {
    const failed = await sendOnce(client, queueUrl, waiting);
    if (failed.size === 0) return [];
    const canRetry = attempt < maxAttempts;
    const unsent = waiting.filter(({ index }) => failed.has(index));
    const hopeless = unsent.filter(({ index }) => failed.get(index)?.SenderFault === true);
    if (!canRetry || hopeless.length === unsent.length) {
      return unsent.map(({ index }) => ({ index, reason: describeFailure(failed.get(index)) }));
    }
    waiting = unsent;
    await sleep(backoffMs(attempt, Math.random()));
  }
}

/**
 * SQS refuses the whole batch for an attribute that is empty or holds what its messages may not, and the reason comes
 * from a server.
 * @returns the text as an attribute can carry it
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function attributeValue(text: string): string {
  const allowed = text
    .slice(0, 1000)
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ufffd]/g, ' ');
  return allowed.trim() === '' ? 'no reason given' : allowed;
}

/** @returns the failed ones of a batch by their index; a request that fails as a whole fails each of them */
async function sendOnce(
  client: SQSClient,
  queueUrl: string,
  batch: readonly Entry[],
): Promise<ReadonlyMap<number, BatchResultErrorEntry>> {
  const Entries = batch.map(({ index, body, delaySeconds, reason }) => ({
    Id: String(index),
    MessageBody: body,
    ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
    ...(reason === undefined
      ? {}
      : { MessageAttributes: { reason: { DataType: 'String', StringValue: attributeValue(reason) } } }),
  }));
  try {
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    return new Map(Failed.map((failure) => [Number(failure.Id), failure]));
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    const failure = { Id: undefined, Code: name, Message: message, SenderFault: false };
    return new Map(batch.map(({ index }) => [index, failure]));
  }
}

function describeFailure(failure: BatchResultErrorEntry | undefined): string {
  return `${failure?.Code ?? 'Unknown'}: ${failure?.Message ?? 'no message'}`;
}
