import { setTimeout as sleep } from 'node:timers/promises';
import { type BatchResultErrorEntry, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import { backoffMs } from '../core/model/backoff.ts';
import { byteLength, maxMessageBytes } from '../core/model/purge-message.ts';
import { describeError } from '../lambda/log.ts';

/** A message to send. */
export interface OutgoingMessage {
  readonly body: string;
  /** Seconds until a consumer can see it, 0 to 900. */
  readonly delaySeconds?: number;
  /** Why it goes to the dead letter queue, as a message attribute that the console shows. */
  readonly reason?: string;
}

/** A message that could not be sent, by its index in the messages given. */
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
 * Sends messages in as few batches as SQS allows. A message that SQS fails in a batch is sent up to four times; a
 * request that fails as a whole is retried by the SDK alone.
 * @param hasTime asked before each batch: where it is false, the batch is not sent
 * @returns the messages that could not be sent, none if all went well
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly OutgoingMessage[],
  hasTime: () => boolean = () => true,
): Promise<readonly UnsentMessage[]> {
  const batches = packBatches(messages.map((message, index) => ({ ...message, index })));
  const sendInTime = async (batch: readonly Entry[]) =>
    hasTime() ? sendBatch(client, queueUrl, batch) : batch.map(outOfTime);
  return (await pMap(batches, sendInTime, { concurrency })).flat();
}

function outOfTime({ index }: Entry): UnsentMessage {
  return { index, reason: "OutOfTime: the function's time is over before it was sent" };
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
  const unsent: UnsentMessage[] = [];
  let waiting = batch;
  try {
    for (let attempt = 1; waiting.length > 0; attempt++) {
      if (attempt > 1) await sleep(backoffMs(attempt - 1, Math.random()));
      const failed = await sendOnce(client, queueUrl, waiting);
      const canRetry = ({ SenderFault }: BatchResultErrorEntry) => !SenderFault && attempt < maxAttempts;
      unsent.push(...failed.filter((failure) => !canRetry(failure)).map(asUnsent));
      const again = new Set(failed.filter(canRetry).map(({ Id }) => Number(Id)));
      waiting = waiting.filter(({ index }) => again.has(index));
    }
  } catch (error) {
    const { name, message } = describeError(error);
    unsent.push(...waiting.map(({ index }) => ({ index, reason: `${name}: ${message}` })));
  }
  return unsent;
}

function asUnsent({ Id, Code = 'Unknown', Message = 'no message' }: BatchResultErrorEntry): UnsentMessage {
  return { index: Number(Id), reason: `${Code}: ${Message}` };
}

/**
 * SQS refuses the whole batch for an attribute that is empty or has characters that it does not allow, and the reason
 * comes from a server.
 * @returns the string as an attribute can carry it
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function attributeValue(reason: string): string {
  const allowed = reason
    .slice(0, 1000)
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ufffd]/g, ' ');
  return allowed.trim() === '' ? 'no reason given' : allowed;
}

/**
 * @returns what SQS did not take of a batch, each with its index as `Id`
 * @throws what the SDK throws where the request fails as a whole
 */
async function sendOnce(
  client: SQSClient,
  queueUrl: string,
  batch: readonly Entry[],
): Promise<readonly BatchResultErrorEntry[]> {
  const Entries = batch.map(({ index, body, delaySeconds, reason }) => ({
    Id: String(index),
    MessageBody: body,
    ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
    ...(reason === undefined
      ? {}
      : { MessageAttributes: { reason: { DataType: 'String', StringValue: attributeValue(reason) } } }),
  }));
  const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  return Failed;
}
