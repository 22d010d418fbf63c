import { isRecord } from '../../../functions/core/model/record.ts';
import type { JsonObject } from '../../../functions/sources/toolkit/payload.ts';

/**
 * Finds events of S3 in what an operator has at hand: an event, one record or message of it, a list of these as
 * EventBridge Pipes hand it over, what `aws sqs receive-message` prints, and what Lambda sends to the destination of a
 * failed invocation.
 * @returns each as the function gets it; undefined where anything else is in it
 */
export function s3EventsIn(json: unknown): readonly JsonObject[] | undefined {
  if (Array.isArray(json)) return eventsInAll(json);
  if (!isRecord(json)) return undefined;
  if (Array.isArray(json.Messages)) return eventsInAll(json.Messages);
  if (isRecord(json.requestContext) && isRecord(json.requestPayload)) return s3EventsIn(json.requestPayload);
  const message = messageIn(json);
  if (message !== undefined) return [{ Records: [message] }];
  if (isRecord(json.s3) || isRecord(json.Sns)) return [{ Records: [json] }];
  const isEvent =
    'Records' in json || 'detail-type' in json || json.Event === 's3:TestEvent' || 'TopicArn' in json;
  return isEvent ? [json] : undefined;
}

function eventsInAll(items: readonly unknown[]): readonly JsonObject[] | undefined {
  const found = items.map(s3EventsIn);
  return found.length === 0 || found.includes(undefined)
    ? undefined
    : found.flatMap((events) => events ?? []);
}

/** A message of SQS as Lambda gets it, whether it comes from there or from SQS's API. */
function messageIn({ Body, MessageId, body, messageId, eventSource }: JsonObject): JsonObject | undefined {
  if (typeof Body === 'string') return { eventSource: 'aws:sqs', messageId: MessageId ?? '', body: Body };
  if (typeof body !== 'string' || (messageId === undefined && eventSource !== 'aws:sqs')) return undefined;
  return { eventSource: 'aws:sqs', messageId: messageId ?? '', body };
}
