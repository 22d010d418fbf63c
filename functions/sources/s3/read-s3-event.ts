import { isRecord } from '../../core/model/record.ts';
import { parseJsonText, stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { readEventBridgeEvent, readNotification } from './object-event.ts';
import { type Findings, noFindings, type S3Reading, unreadable } from './s3-reading.ts';

/** SQS around SNS around EventBridge is the deepest that AWS can be set up to wrap. */
const maxEnvelopes = 4;

/**
 * Reads what S3 sent, by EventBridge, as a direct notification, by SNS to Lambda, or by SQS, whose messages may
 * carry any of these, wrapped by SNS or raw. Keys come out as they are: those of notifications are form-encoded
 * (`+` is a space), those of EventBridge are not. Never throws.
 * @param payload the event as Lambda hands it over
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function readS3Event(payload: unknown): S3Reading {
  const findings = noFindings();
  readDocument(payload, findings, 1);
  return findings;
}

function readDocument(document: unknown, findings: Findings, envelopes: number): void {
  const records = valueAt(document, 'Records');
  if (Array.isArray(records)) {
    for (const record of records) readRecord(record, findings, envelopes);
  } else if (stringAt(document, 'detail-type') !== undefined) {
    readEventBridgeEvent(document, findings);
  } else if (valueAt(document, 'Event') === 's3:TestEvent') {
    findings.ignored.push({ name: 's3:TestEvent', reason: 'sent when a notification is set up' });
  } else if (valueAt(document, 'Type') === 'Notification') {
    readWrapped('aws:sns', 'Message', valueAt(document, 'Message'), findings, envelopes);
  } else {
    const wanted = 'an event of S3 by EventBridge, notification, SNS or SQS';
    findings.notUnderstood.push(unreadable('unknown', unexpected('event', wanted, document), document));
  }
}

function readRecord(record: unknown, findings: Findings, envelopes: number): void {
  const source = stringAt(record, 'eventSource') ?? stringAt(record, 'EventSource') ?? 'unknown';
  if (source === 'aws:sqs') {
    readSqsMessage(record, findings, envelopes);
  } else if (source === 'aws:sns') {
    readWrapped(source, 'Sns.Message', valueAt(record, 'Sns', 'Message'), findings, envelopes);
  } else if (isRecord(valueAt(record, 's3'))) {
    readNotification(record, findings);
  } else {
    const problem = unexpected('s3', 'an object', valueAt(record, 's3'));
    findings.notUnderstood.push(unreadable(source, problem, { Records: [record] }));
  }
}

function readSqsMessage(record: unknown, findings: Findings, envelopes: number): void {
  const messageId = stringAt(record, 'messageId') ?? '';
  const inMessage = noFindings();
  const document = readWrapped('aws:sqs', 'body', valueAt(record, 'body'), inMessage, envelopes);
  const { changes } = inMessage;
  const [queue, topic] = [stringAt(record, 'eventSourceARN'), topicOf(document)];
  const ignored = inMessage.ignored.map((each) => ({ ...each, messageId }));
  const notUnderstood = inMessage.notUnderstood.map((each) => {
    return { ...each, messageId, text: inEnvelopes(each.text, queue, topic) };
  });
  for (const change of changes) findings.changes.push(change);
  for (const each of ignored) findings.ignored.push(each);
  for (const each of notUnderstood) findings.notUnderstood.push(each);
  const path = [queue, topic].filter((arn) => arn !== undefined);
  findings.messages.push({ messageId, path, changes, ignored, notUnderstood });
}

function topicOf(document: unknown): string | undefined {
  return stringAt(document, 'Type') === 'Notification' ? stringAt(document, 'TopicArn') : undefined;
}

/** @returns an event that holds a string as a queue, and before it a topic, delivered it */
function inEnvelopes(text: string, queue: string | undefined, topic: string | undefined): string {
  const body =
    topic === undefined ? text : JSON.stringify({ Type: 'Notification', TopicArn: topic, Message: text });
  const carrier = queue === undefined ? {} : { eventSourceARN: queue };
  return JSON.stringify({ Records: [{ eventSource: 'aws:sqs', ...carrier, body }] });
}

/** SNS and SQS carry what they wrap as a string of JSON. @returns what is wrapped; undefined where it cannot be read */
function readWrapped(
  name: string,
  field: string,
  text: unknown,
  findings: Findings,
  envelopes: number,
): unknown {
  if (typeof text !== 'string' || envelopes >= maxEnvelopes) {
    const wanted = envelopes >= maxEnvelopes ? 'wrapped less often' : 'a string of JSON';
    findings.notUnderstood.push(unreadable(name, unexpected(field, wanted, text), text));
    return undefined;
  }
  const parsed = parseJsonText(text, `\`${field}\``);
  if (parsed.kind === 'malformed') {
    findings.notUnderstood.push(unreadable(name, parsed, text));
    return undefined;
  }
  readDocument(parsed.value, findings, envelopes + 1);
  return parsed.value;
}
