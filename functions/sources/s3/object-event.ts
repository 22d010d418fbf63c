import type { ObjectChange, Shows } from '../../core/model/types.ts';
import { stringAt, unexpected, valueAt } from '../toolkit/payload.ts';
import { isoDateOf } from '../toolkit/time.ts';
import type { Malformed } from '../webhook-source.ts';
import {
  actionOfEvent,
  actionOfNotification,
  type EventAction,
  isRecordedWrite,
  permanently,
  versionOf,
} from './event-action.ts';
import { clip, type Findings, unreadable } from './s3-reading.ts';

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

/** Reads a record of a notification. */
export function readNotification(record: unknown, findings: Findings): void {
  // S3's own records leave the prefix out, those of S3-compatible stores do not.
  const name = stringAt(record, 'eventName')?.replace(/^s3:/, '');
  if (name === undefined) {
    const problem = unexpected('eventName', 'a string', valueAt(record, 'eventName'));
    findings.notUnderstood.push(unreadable('aws:s3', problem, { Records: [record] }));
  } else {
    readEvent(record, name, actionOfNotification(record, name), notificationFormat, findings);
  }
}

/** Reads an event of EventBridge. */
export function readEventBridgeEvent(event: unknown, findings: Findings): void {
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

/** @returns an event that `readS3Event` reads as the given change, in EventBridge's form */
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
