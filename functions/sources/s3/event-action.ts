import type { ChangeAction } from '../../core/model/types.ts';
import { stringAt } from '../toolkit/payload.ts';

/**
 * What an event means for what visitors get. A version that S3's lifecycle removes for good is never the current one: of
 * that it would make a delete marker, which is a delete.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
 */
export type EventAction = ChangeAction | 'removed version' | 'expired version';

/** @returns what a notification means; undefined for one that is not about an object's content */
export function actionOfNotification(record: unknown, name: string): EventAction | undefined {
  if (name.startsWith('ObjectCreated:')) return 'put';
  const [, family, what] = /^(ObjectRemoved|LifecycleExpiration):(.*)$/.exec(name) ?? [];
  if (family === undefined) return undefined;
  if (what !== 'Delete' || versionOf(record, 's3') === undefined) return 'delete';
  return family === 'LifecycleExpiration' ? 'expired version' : 'removed version';
}

/** What EventBridge calls a removal that leaves no delete marker. */
export const permanently = 'Permanently Deleted';

/** @returns what an event of EventBridge means; undefined for one that is not about an object's content */
export function actionOfEvent(event: unknown, name: string): EventAction | undefined {
  if (name === 'Object Created') return 'put';
  if (name !== 'Object Deleted') return undefined;
  const isVersion = stringAt(event, 'detail', 'deletion-type') === permanently && versionOf(event, 'detail');
  if (!isVersion) return 'delete';
  return stringAt(event, 'detail', 'reason') === 'Lifecycle Expiration'
    ? 'expired version'
    : 'removed version';
}

/** @returns the ID of the version that an event is about; undefined in a bucket without versions */
export function versionOf(event: unknown, root: string): string | undefined {
  const id = stringAt(event, root, 'object', 'versionId') ?? stringAt(event, root, 'object', 'version-id');
  return id === '' ? undefined : id;
}

/** What CloudTrail calls the requests that change what S3 serves. */
const writes = /^(?:PutObject|PostObject|CopyObject|CompleteMultipartUpload|DeleteObjects?)$/;

/** @returns whether an event of EventBridge is CloudTrail's record of a request that changed an object */
export function isRecordedWrite(event: unknown, name: string): boolean {
  return (
    name === 'AWS API Call via CloudTrail' &&
    stringAt(event, 'detail', 'eventSource') === 's3.amazonaws.com' &&
    writes.test(stringAt(event, 'detail', 'eventName') ?? '') &&
    stringAt(event, 'detail', 'errorCode') === undefined
  );
}
