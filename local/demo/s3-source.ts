import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { OutsideNotification } from '../aws/s3-events/notifications.ts';

/** The bucket whose events a topic or queue without a filter carries here. */
const assumedBucket = 'www-example-com';

/** Objects whose changes reach the purger in any form. */
export interface LocalObjects {
  readonly bucket: string;
  readonly prefix: string;
  readonly suffix: string;
}

/** @returns all objects that a configuration watches */
export function watchedObjects({
  buckets = [],
  topics = [],
  queues = [],
}: PurgerConfig): readonly LocalObjects[] {
  const all = [...buckets.map(({ name, ...keys }) => ({ bucket: name, ...keys })), ...topics, ...queues];
  return all.map(({ bucket = assumedBucket, prefix = '', suffix = '' }) => ({ bucket, prefix, suffix }));
}

/** @returns the first objects that a configuration watches; undefined where it watches none */
export function firstObjects(config: PurgerConfig): LocalObjects | undefined {
  return watchedObjects(config)[0];
}

/**
 * @param outputs of the stack
 * @returns the notifications that owners of buckets, topics and queues have to set up themselves
 */
export function outsideNotifications(
  { buckets = [], topics = [], queues = [] }: PurgerConfig,
  outputs: Readonly<Record<string, string>>,
): readonly OutsideNotification[] {
  const notSetUp = buckets.filter(
    ({ via, account, configureBucket }) =>
      via === 'notification' && (account !== undefined || configureBucket === false),
  );
  return [
    ...notSetUp.map(({ name, prefix, suffix }) => ({
      bucket: name,
      targetArn: outputs.S3QueueArn ?? '',
      prefix,
      suffix,
    })),
    // They may carry more than is watched: the receiver filters.
    ...[...topics, ...queues].map(({ arn, bucket = assumedBucket }) => ({ bucket, targetArn: arn })),
  ];
}
