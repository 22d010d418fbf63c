import { isRecord } from '../core/model/record.ts';
import type { ObjectChange, Shows } from '../core/model/types.ts';
import {
  actionOfEvent,
  actionOfNotification,
  type EventAction,
  isRecordedWrite,
  permanently,
  versionOf,
} from './s3-event-action.ts';
import { parseJsonText, stringAt, unexpected, valueAt } from './toolkit/payload.ts';
import { isoDateOf } from './toolkit/time.ts';
import type { Malformed } from './webhook-source.ts';

/** SQS around SNS around EventBridge is the deepest that AWS can be set up to wrap. */
const maxEnvelopes = 4;
const maxNameLength = 100;

/** A part of an event that led to no change. */
interface S3Remark {
  /** What it was: the event's name (`ObjectRestore:Post`), else the envelope's (`aws:sqs`). */
  readonly name: string;
  readonly reason: string;
  /** The SQS message that it came in, if it came by SQS. */
  readonly messageId?: string;
}

/** A part of an event that cannot be read. */
export interface S3Unreadable extends S3Remark {
  /**
   * The part as a separate event, so that it can be kept and read again: JSON, or the string that is not JSON. What came
   * by SQS is inside its envelopes: who wrote it may have written a purge message.
   */
  readonly text: string;
}

/** What one SQS message said. */
interface S3MessageReading {
  readonly messageId: string;
  /**
   * The ARNs of its queue and of the topic that sent it there, as far as there are any. AWS writes both: what a
   * publisher puts into a message does not count.
   */
  readonly path: readonly string[];
  readonly changes: readonly ObjectChange[];
  readonly ignored: readonly S3Remark[];
  readonly notUnderstood: readonly S3Unreadable[];
}

/** What an event of any envelope said, all in all, and for SQS also message by message. */
export interface S3Reading {
  readonly changes: readonly ObjectChange[];
  /** Understood, and nothing to purge: test events, restores, tags, and events that S3 may add later. */
  readonly ignored: readonly S3Remark[];
  /** To be logged by name and kept; the records next to it are in `changes` all the same. */
  readonly notUnderstood: readonly S3Unreadable[];
  /** One for each SQS message, so that only those that fail go back to the queue; empty for other envelopes. */
  readonly messages: readonly S3MessageReading[];
}

interface Findings {
  readonly changes: ObjectChange[];
  readonly ignored: S3Remark[];
  readonly notUnderstood: S3Unreadable[];
  readonly messages: S3MessageReading[];
}

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

/** @returns an event that {@link readS3Event} reads as the given change, in EventBridge's form */
export function s3EventOf(change: ObjectChange): unknown {
  const { action, bucket, key, sequencer, removedVersion, occurredAt } = change;
  const isCreated = action === 'put' && removedVersion === undefined;
  return {
    source: 'aws.s3',
    'detail-type': isCreated ? 'Object Created' : 'Object Deleted',
    time: occurredAt,
    detail: {
      bucket: { name: bucket },
      object: {
        key,
        ...(sequencer !== undefined && { sequencer }),
        ...(removedVersion !== undefined && { 'version-id': removedVersion }),
      },
      ...(removedVersion !== undefined && { 'deletion-type': permanently }),
    },
  };
}

function noFindings(): Findings {
  return { changes: [], ignored: [], notUnderstood: [], messages: [] };
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

/** Where an event holds what; the two formats of S3 differ in nothing else. */
interface EventFormat {
  readonly time: string;
  readonly root: string;
  readonly decodeKey: (key: string) => string | undefined;
  /** The event as a document that can be read by itself. */
  readonly documentOf: (event: unknown) => unknown;
}

const notificationFormat: EventFormat = {
  time: 'eventTime',
  root: 's3',
  decodeKey: decodeFormEncoded,
  documentOf: (record) => ({ Records: [record] }),
};
const eventBridgeFormat: EventFormat = {
  time: 'time',
  root: 'detail',
  decodeKey: (key) => key,
  documentOf: (event) => event,
};

function readNotification(record: unknown, findings: Findings): void {
  // S3's own records leave the prefix out, those of S3-compatible stores do not.
  const name = stringAt(record, 'eventName')?.replace(/^s3:/, '');
  if (name === undefined) {
    const problem = unexpected('eventName', 'a string', valueAt(record, 'eventName'));
    findings.notUnderstood.push(unreadable('aws:s3', problem, { Records: [record] }));
  } else {
    readEvent(record, name, actionOfNotification(record, name), notificationFormat, findings);
  }
}

function readEventBridgeEvent(event: unknown, findings: Findings): void {
  const name = stringAt(event, 'detail-type') ?? '';
  if (isRecordedWrite(event, name)) {
    const message =
      'an API call that CloudTrail recorded, and not an event that S3 sent: switch on the EventBridge events or the notifications of the bucket';
    findings.notUnderstood.push(unreadable(name, { kind: 'malformed', message }, event));
  } else if (valueAt(event, 'source') === 'aws.s3') {
    readEvent(event, name, actionOfEvent(event, name), eventBridgeFormat, findings);
  } else {
    const problem = unexpected('source', '"aws.s3"', valueAt(event, 'source'));
    findings.notUnderstood.push(unreadable(name, problem, event));
  }
}

const meaningless = {
  other: 'not an event that creates or removes an object',
  'expired version': 'a former version expired: visitors get the same as before',
};

function readEvent(
  event: unknown,
  name: string,
  action: EventAction | undefined,
  format: EventFormat,
  findings: Findings,
): void {
  if (action === undefined || action === 'expired version') {
    findings.ignored.push({ name: clip(name), reason: meaningless[action ?? 'other'] });
    return;
  }
  const change = changeOf(event, action, format);
  if ('kind' in change) findings.notUnderstood.push(unreadable(name, change, format.documentOf(event)));
  else findings.changes.push(change);
}

function changeOf(
  event: unknown,
  does: Exclude<EventAction, 'expired version'>,
  format: EventFormat,
): ObjectChange | Malformed {
  const { root, time, decodeKey } = format;
  const action = does === 'removed version' ? 'put' : does;
  const removedVersion = does === 'removed version' ? versionOf(event, root) : undefined;
  const bucket = stringAt(event, root, 'bucket', 'name');
  if (bucket === undefined) {
    return unexpected(`${root}.bucket.name`, 'a string', valueAt(event, root, 'bucket', 'name'));
  }
  const encoded = valueAt(event, root, 'object', 'key');
  const key = typeof encoded === 'string' && encoded !== '' ? decodeKey(encoded) : undefined;
  if (key === undefined) return unexpected(`${root}.object.key`, 'the key of an object', encoded);
  const occurredAt = isoDateOf(valueAt(event, time));
  if (occurredAt === undefined) return unexpected(time, 'a time in ISO 8601', valueAt(event, time));
  const sequencer = stringAt(event, root, 'object', 'sequencer');
  const id = `s3://${bucket}/${key}`;
  const object = valueAt(event, root, 'object');
  const content = does === 'put' && !isCopy(event) ? contentOf(object) : undefined;
  const order = { sinceMs: Date.parse(occurredAt), ...(sequencer !== undefined && { sequencer }) };
  return {
    source: 's3',
    action,
    id,
    bucket,
    key,
    occurredAt,
    ...(sequencer !== undefined && { sequencer }),
    ...(removedVersion !== undefined && { removedVersion }),
    ...(content !== undefined && { content }),
    shows: { ...versionAfter(does, object), ...order },
  };
}

/** Which version is the current one after one was removed, the event does not tell. */
function versionAfter(does: EventAction, object: unknown): Pick<Shows, 'etag' | 'gone'> {
  if (does === 'delete') return { gone: true };
  const etag = does === 'put' ? etagOf(object) : undefined;
  return etag === undefined ? {} : { etag };
}

/** A copy keeps the content and may have other metadata: this is how S3's metadata is changed. */
function isCopy(event: unknown): boolean {
  return (
    stringAt(event, 'eventName')?.endsWith(':Copy') ?? stringAt(event, 'detail', 'reason') === 'CopyObject'
  );
}

/**
 * The ETag and size, where the ETag is a hash of one part: that of an upload in parts differs with the size of the parts.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 */
function contentOf(object: unknown): string | undefined {
  const etag = etagOf(object);
  const size = valueAt(object, 'size');
  if (etag === undefined || !/^[0-9a-f]{32}$/i.test(etag) || !Number.isSafeInteger(size)) return undefined;
  return `${etag.toLowerCase()} ${size}`;
}

/** Without its quotes, which some S3-compatible stores send. */
function etagOf(object: unknown): string | undefined {
  const etag = (stringAt(object, 'eTag') ?? stringAt(object, 'etag'))?.replaceAll('"', '');
  return etag === '' ? undefined : etag;
}

/** @returns undefined for an escape that is cut off or is not UTF-8 */
function decodeFormEncoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function unreadable(name: string, { message }: Malformed, part: unknown): S3Unreadable {
  const text = typeof part === 'string' ? part : (JSON.stringify(part) ?? '');
  return { name: clip(name), reason: message, text };
}

function clip(name: string): string {
  return name.slice(0, maxNameLength);
}
