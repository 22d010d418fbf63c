import { randomUUID } from 'node:crypto';
import { formEncodedKey } from '../../../functions/core/model/objects/form-encoded-key.ts';
import type { ObjectWrite, Operation } from '../emulators/object-writes.ts';
import { localAccountId } from '../template/identifiers.ts';

/** The form of S3's events in EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
export function eventBridgeEvent(
  write: ObjectWrite,
  region: string,
  account: string = localAccountId,
): Record<string, unknown> {
  const isDelete = write.operation === 'DeleteObject';
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': isDelete ? 'Object Deleted' : 'Object Created',
    source: 'aws.s3',
    account,
    time: new Date(write.atMs).toISOString().replace(/\.\d+/, ''),
    region,
    resources: [`arn:aws:s3:::${write.bucket}`],
    detail: {
      version: '0',
      bucket: { name: write.bucket },
      object: {
        key: write.key,
        ...(isDelete ? {} : { size: write.sizeBytes, etag: write.etag }),
        sequencer: write.sequencer,
      },
      'request-id': write.requestId,
      requester: localAccountId,
      'source-ip-address': write.sourceIp,
      reason: write.operation,
      ...(isDelete && { 'deletion-type': 'Permanently Deleted' }),
    },
  };
}

/** The names of the operations in S3's notifications. */
export const notificationNames: Readonly<Record<Operation, string>> = {
  PutObject: 'ObjectCreated:Put',
  'POST Object': 'ObjectCreated:Post',
  CopyObject: 'ObjectCreated:Copy',
  CompleteMultipartUpload: 'ObjectCreated:CompleteMultipartUpload',
  DeleteObject: 'ObjectRemoved:Delete',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export function notificationEvent(write: ObjectWrite, region: string, configurationId: string): object {
  const isDelete = write.operation === 'DeleteObject';
  const record = {
    eventVersion: '2.5',
    eventSource: 'aws:s3',
    awsRegion: region,
    eventTime: new Date(write.atMs).toISOString(),
    eventName: notificationNames[write.operation],
    userIdentity: { principalId: 'local' },
    requestParameters: { sourceIPAddress: write.sourceIp },
    responseElements: { 'x-amz-request-id': write.requestId, 'x-amz-id-2': 'local' },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId,
      bucket: {
        name: write.bucket,
        ownerIdentity: { principalId: 'local' },
        arn: `arn:aws:s3:::${write.bucket}`,
      },
      object: {
        key: formEncodedKey(write.key),
        ...(isDelete ? {} : { size: write.sizeBytes, eTag: write.etag }),
        sequencer: write.sequencer,
      },
    },
  };
  return { Records: [record] };
}

/**
 * The message that S3 sends to a queue when notifications to it are set up.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function testEvent(bucket: string, nowMs: number): object {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(nowMs).toISOString(),
    Bucket: bucket,
    RequestId: randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase(),
    HostId: 'local',
  };
}
