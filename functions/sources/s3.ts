import type { ChangeAction, ObjectChange } from '../core/model/types.ts';
import { isJsonObject, parseJsonText, textAt, unexpected, valueAt } from './toolkit/payload.ts';
import { isoDateOf } from './toolkit/time.ts';
import type { Malformed } from './webhook-source.ts';

/** SQS around SNS around EventBridge is the deepest that AWS can be set up to wrap. */
const MAX_ENVELOPES = 4;
const MAX_NAME_LENGTH = 100;

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
  /** The part itself as an event of its own, so that it can be kept and read again: JSON, or the text that is none. */
  readonly text: string;
}

/** What one SQS message said. */
interface S3MessageReading {
  readonly messageId: string;
  readonly changes: readonly ObjectChange[];
  readonly ignored: readonly S3Remark[];
  readonly notUnderstood: readonly S3Unreadable[];
}

/** What an event of any envelope said, all in all, and for SQS also message by message. */
export interface S3Reading {
  readonly changes: readonly ObjectChange[];
  /** Understood, and nothing to purge: test events, restores, tags, and events that S3 may add later. */
  readonly ignored: readonly S3Remark[];
  /** To be logged by name and kept; the records beside it are in `changes` all the same. */
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

function noFindings(): Findings {
  return { changes: [], ignored: [], notUnderstood: [], messages: [] };
}

function readDocument(document: unknown, findings: Findings, envelopes: number): void {
  const records = valueAt(document, 'Records');
  if (Array.isArray(records)) {
    for (const record of records) readRecord(record, findings, envelopes);
  } else if (textAt(document, 'detail-type') !== undefined) {
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
  const source = textAt(record, 'eventSource') ?? textAt(record, 'EventSource') ?? 'unknown';
  if (source === 'aws:sqs') {
    readSqsMessage(record, findings, envelopes);
  } else if (source === 'aws:sns') {
    readWrapped(source, 'Sns.Message', valueAt(record, 'Sns', 'Message'), findings, envelopes);
  } else if (isJsonObject(valueAt(record, 's3'))) {
    readNotification(record, findings);
  } else {
    const fault = unexpected('s3', 'an object', valueAt(record, 's3'));
    findings.notUnderstood.push(unreadable(source, fault, { Records: [record] }));
  }
}

function readSqsMessage(record: unknown, findings: Findings, envelopes: number): void {
  const messageId = textAt(record, 'messageId') ?? '';
  const inMessage = noFindings();
  readWrapped('aws:sqs', 'body', valueAt(record, 'body'), inMessage, envelopes);
  const { changes } = inMessage;
  const ignored = inMessage.ignored.map((each) => ({ ...each, messageId }));
  const notUnderstood = inMessage.notUnderstood.map((each) => ({ ...each, messageId }));
  for (const change of changes) findings.changes.push(change);
  for (const each of ignored) findings.ignored.push(each);
  for (const each of notUnderstood) findings.notUnderstood.push(each);
  findings.messages.push({ messageId, changes, ignored, notUnderstood });
}

/** SNS and SQS carry what they wrap as a text of JSON. */
function readWrapped(
  name: string,
  field: string,
  text: unknown,
  findings: Findings,
  envelopes: number,
): void {
  if (typeof text !== 'string' || envelopes >= MAX_ENVELOPES) {
    const wanted = envelopes >= MAX_ENVELOPES ? 'wrapped less often' : 'a text of JSON';
    findings.notUnderstood.push(unreadable(name, unexpected(field, wanted, text), text));
    return;
  }
  const parsed = parseJsonText(text, `\`${field}\``);
  if (parsed.kind === 'malformed') findings.notUnderstood.push(unreadable(name, parsed, text));
  else readDocument(parsed.value, findings, envelopes + 1);
}

/** Where an event states what; the two spellings of S3 differ in nothing else. */
interface Spelling {
  readonly time: string;
  readonly root: string;
  readonly decodeKey: (key: string) => string | undefined;
  /** The event as a document that can be read by itself. */
  readonly documentOf: (event: unknown) => unknown;
}

const NOTIFICATION: Spelling = {
  time: 'eventTime',
  root: 's3',
  decodeKey: decodeFormEncoded,
  documentOf: (record) => ({ Records: [record] }),
};
const EVENT_BRIDGE: Spelling = {
  time: 'time',
  root: 'detail',
  decodeKey: (key) => key,
  documentOf: (event) => event,
};

function readNotification(record: unknown, findings: Findings): void {
  // S3's own records leave the prefix out, those of S3-compatible stores do not.
  const name = textAt(record, 'eventName')?.replace(/^s3:/, '');
  if (name === undefined) {
    const fault = unexpected('eventName', 'a text', valueAt(record, 'eventName'));
    findings.notUnderstood.push(unreadable('aws:s3', fault, { Records: [record] }));
  } else {
    readEvent(record, name, actionOfNotification(name), NOTIFICATION, findings);
  }
}

function readEventBridgeEvent(event: unknown, findings: Findings): void {
  const name = textAt(event, 'detail-type') ?? '';
  if (valueAt(event, 'source') === 'aws.s3') {
    readEvent(event, name, EVENT_BRIDGE_ACTIONS.get(name), EVENT_BRIDGE, findings);
  } else {
    const fault = unexpected('source', '"aws.s3"', valueAt(event, 'source'));
    findings.notUnderstood.push(unreadable(name, fault, event));
  }
}

/** `ObjectRemoved` and `LifecycleExpiration` also name the setting of a delete marker: the object is gone all the same. */
function actionOfNotification(name: string): ChangeAction | undefined {
  if (name.startsWith('ObjectCreated:')) return 'put';
  return /^(ObjectRemoved|LifecycleExpiration):/.test(name) ? 'delete' : undefined;
}

const EVENT_BRIDGE_ACTIONS: ReadonlyMap<string, ChangeAction> = new Map([
  ['Object Created', 'put'],
  ['Object Deleted', 'delete'],
]);

function readEvent(
  event: unknown,
  name: string,
  action: ChangeAction | undefined,
  spelling: Spelling,
  findings: Findings,
): void {
  if (action === undefined) {
    findings.ignored.push({ name: clip(name), reason: 'not an event that creates or removes an object' });
    return;
  }
  const change = changeOf(event, action, spelling);
  if ('kind' in change) findings.notUnderstood.push(unreadable(name, change, spelling.documentOf(event)));
  else findings.changes.push(change);
}

function changeOf(event: unknown, action: ChangeAction, spelling: Spelling): ObjectChange | Malformed {
  const { root, time, decodeKey } = spelling;
  const bucket = textAt(event, root, 'bucket', 'name');
  if (bucket === undefined) {
    return unexpected(`${root}.bucket.name`, 'a text', valueAt(event, root, 'bucket', 'name'));
  }
  const stated = valueAt(event, root, 'object', 'key');
  const key = typeof stated === 'string' && stated !== '' ? decodeKey(stated) : undefined;
  if (key === undefined) return unexpected(`${root}.object.key`, 'the key of an object', stated);
  const occurredAt = isoDateOf(valueAt(event, time));
  if (occurredAt === undefined) return unexpected(time, 'a time in ISO 8601', valueAt(event, time));
  const sequencer = textAt(event, root, 'object', 'sequencer');
  const id = `s3://${bucket}/${key}`;
  const base = { source: 's3', action, id, bucket, key, occurredAt } as const;
  return sequencer === undefined ? base : { ...base, sequencer };
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
  return name.slice(0, MAX_NAME_LENGTH);
}
