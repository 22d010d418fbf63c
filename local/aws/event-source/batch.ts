import { setTimeout as delay } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { isRecord } from '../../../functions/core/model/record.ts';
import { maxSynchronousPayloadBytes } from '../lambda/invocation.ts';

/** How an event source mapping reads a queue. */
export interface MappingSettings {
  readonly logicalId: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  /** The most messages of one invocation. */
  readonly batchSize: number;
  /** How long to gather a batch from its first message on; 0 uses the messages of one receive. */
  readonly batchingWindowSeconds: number;
  /** The most invocations at a time. */
  readonly maximumConcurrency: number;
  /** Whether the handler's answer names the messages that failed. */
  readonly reportsBatchItemFailures: boolean;
}

/** A record of an SQS event: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event */
interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Record<string, string>;
  readonly messageAttributes: Record<string, object>;
  readonly md5OfBody: string;
  readonly eventSource: 'aws:sqs';
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

/** The outcome of a batch: handled messages are deleted, the others are received again after the visibility timeout. */
export type BatchOutcome =
  | { readonly outcome: 'partial'; readonly failedIds: ReadonlySet<string> }
  | { readonly outcome: 'failed'; readonly reason: string };

/**
 * Reads the answer of a handler with ReportBatchItemFailures. An invalid answer fails the whole batch:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
export function readBatchResponse(response: unknown, messageIds: readonly string[]): BatchOutcome {
  if (response === null || response === undefined) return { outcome: 'partial', failedIds: new Set() };
  if (!isRecord(response)) return { outcome: 'failed', reason: 'the response is not an object' };
  const failures = response.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return { outcome: 'failed', reason: 'batchItemFailures is not a list' };
  const failedIds = new Set<string>();
  for (const failure of failures) {
    const id = isRecord(failure) ? failure.itemIdentifier : undefined;
    if (typeof id !== 'string' || id === '')
      return { outcome: 'failed', reason: 'an itemIdentifier is missing or empty' };
    if (!messageIds.includes(id))
      return { outcome: 'failed', reason: `the itemIdentifier ${id} is not in the batch` };
    failedIds.add(id);
  }
  return { outcome: 'partial', failedIds };
}

/**
 * @returns a function that gathers one batch: it waits for a first message, then receives more until the batch is full,
 *   its payload reaches Lambda's limit, or the batching window has passed. What is over the limit starts the next batch
 */
export function createGatherer(
  settings: MappingSettings,
  sqs: SQSClient,
  signal: AbortSignal,
): () => Promise<Message[]> {
  const { batchSize, batchingWindowSeconds } = settings;
  const carried: Message[] = [];

  return async () => {
    const batch: Message[] = [];
    let leftBytes = maxBatchBytes;
    const add = (messages: readonly Message[]) => {
      for (const message of messages) {
        leftBytes -= Buffer.byteLength(JSON.stringify(asRecord(message, settings))) + 1;
        if (leftBytes >= 0) batch.push(message);
        else carried.push(message);
      }
    };
    // A long poll is never aborted: the emulator would hide the messages of its unread answer.
    add(carried.length > 0 ? carried.splice(0) : await receive(settings, sqs, Math.min(10, batchSize), 20));
    const deadlineMs = Date.now() + batchingWindowSeconds * 1000;
    while (batch.length > 0 && batch.length < batchSize && leftBytes > 0 && !signal.aborted) {
      const leftMs = deadlineMs - Date.now();
      if (leftMs <= 0) break;
      const waitSeconds = Math.min(20, Math.floor(leftMs / 1000));
      const more = await receive(settings, sqs, Math.min(10, batchSize - batch.length), waitSeconds);
      add(more);
      if (more.length === 0 && waitSeconds === 0) await pause(Math.min(leftMs, 100), signal);
    }
    return batch;
  };
}

/** Lambda's payload limit, less the few bytes around the records. */
const maxBatchBytes = maxSynchronousPayloadBytes - 1024;

/** Waits, at most until the signal aborts. */
export async function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, { signal }).catch(() => {});
}

async function receive(
  { queueUrl }: MappingSettings,
  sqs: SQSClient,
  maxMessages: number,
  waitSeconds: number,
): Promise<Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: maxMessages,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    }),
  );
  return Messages;
}

/** Deletes handled messages from their queue. */
export async function deleteMessages(
  messages: readonly Message[],
  { queueUrl }: MappingSettings,
  sqs: SQSClient,
): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    const Entries = messages
      .slice(start, start + 10)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** Makes messages visible again that nobody handles. */
export async function returnMessages(
  messages: readonly Message[],
  { queueUrl }: MappingSettings,
  sqs: SQSClient,
): Promise<void> {
  for (let start = 0; start < messages.length; start += 10) {
    const Entries = messages
      .slice(start, start + 10)
      .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrl, Entries }));
  }
}

/** @returns a message as a handler gets it */
export function asRecord(
  message: Message,
  { queueArn, region }: Pick<MappingSettings, 'queueArn' | 'region'>,
): SqsRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: { ...message.Attributes },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
        name,
        asRecordAttribute(value),
      ]),
    ),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function asRecordAttribute({ StringValue, BinaryValue, DataType }: MessageAttributeValue): object {
  return {
    ...(StringValue !== undefined && { stringValue: StringValue }),
    ...(BinaryValue !== undefined && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}
