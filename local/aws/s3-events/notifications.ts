import * as z from 'zod';
import { formEncodedKey } from '../../../functions/core/model/objects/form-encoded-key.ts';
import type { ObjectWrite } from '../emulators/object-writes.ts';
import type { Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import { notificationEvent, notificationNames } from './event-forms.ts';
import { deliver, type EventTargets } from './targets.ts';

/** One notification of a bucket: which writes it is about, and its target. */
export interface BucketNotification {
  readonly id: string;
  readonly bucket: string;
  /** Of a queue or a topic. */
  readonly targetArn: string;
  readonly matches: (write: ObjectWrite) => boolean;
}

/** The notifications of a template's buckets. */
export interface BucketNotifications {
  readonly notifications: readonly BucketNotification[];
  /** The buckets that send their events to EventBridge. */
  readonly eventBridgeBuckets: ReadonlySet<string>;
}

/** The custom resource of this project: what it adds to a bucket's configuration. */
const customSchema = z.object({
  BucketName: z.string(),
  Configuration: z.string().transform((json) => customConfiguration.parse(JSON.parse(json))),
});
const customConfiguration = z.object({
  eventBridge: z.boolean(),
  idPrefix: z.string(),
  queues: z.array(
    z.object({
      queueArn: z.string(),
      events: z.array(z.string()),
      prefix: z.string().optional(),
      suffix: z.string().optional(),
    }),
  ),
});

/** A bucket of the template: its own configuration can only enable EventBridge. */
const bucketSchema = z.object({
  NotificationConfiguration: z
    .strictObject({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: z.coerce.string() }).optional(),
    })
    .prefault({}),
});

/** Reads the notifications of the template's buckets, and of imported buckets that a custom resource configures. */
export function readNotifications(template: StackTemplate): BucketNotifications {
  const own = template
    .resources('AWS::S3::Bucket')
    .filter((bucket) => enablesEventBridge(template, bucket))
    .map(template.physicalName);
  const custom = template
    .resources('Custom::PurgerBucketConfiguration')
    .map((resource) => readCustom(template, resource));
  const toEventBridge = custom.filter(({ eventBridge }) => eventBridge).map(({ bucket }) => bucket);
  return {
    notifications: custom.flatMap(({ notifications }) => notifications),
    eventBridgeBuckets: new Set([...own, ...toEventBridge]),
  };
}

/** A notification that the owner of a bucket has set up outside of the stack. */
export interface OutsideNotification {
  readonly bucket: string;
  readonly targetArn: string;
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

/** @returns a notification as the owner of its bucket has to set it up: for objects that are created or removed */
export function outsideNotification(
  { bucket, targetArn, prefix = '', suffix = '' }: OutsideNotification,
  index: number,
): BucketNotification {
  return asNotification({
    id: `outside-${index + 1}`,
    bucket,
    targetArn,
    events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
    prefix: formEncodedKey(prefix),
    suffix: formEncodedKey(suffix),
  });
}

function enablesEventBridge(template: StackTemplate, bucket: Resource): boolean {
  const { NotificationConfiguration } = template.properties(bucket, bucketSchema);
  return NotificationConfiguration.EventBridgeConfiguration?.EventBridgeEnabled === 'true';
}

function readCustom(template: StackTemplate, resource: Resource) {
  const { BucketName: bucket, Configuration } = template.properties(resource, customSchema);
  const { eventBridge, idPrefix, queues } = Configuration;
  return {
    bucket,
    eventBridge,
    notifications: queues.map(({ queueArn: targetArn, ...queue }, index) =>
      asNotification({ id: `${idPrefix}${index + 1}`, bucket, targetArn, ...queue }),
    ),
  };
}

/** Prefix and suffix are encoded as S3 encodes the keys in its notifications. */
function asNotification({
  events,
  prefix = '',
  suffix = '',
  ...target
}: Pick<BucketNotification, 'id' | 'bucket' | 'targetArn'> & {
  readonly events: readonly string[];
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}): BucketNotification {
  const wanted = events.map((event) => event.replace(/^s3:/, ''));
  return {
    ...target,
    matches: ({ bucket, key, operation }) =>
      bucket === target.bucket &&
      wanted.some((event) => matchesEventName(event, notificationNames[operation])) &&
      formEncodedKey(key).startsWith(prefix) &&
      formEncodedKey(key).endsWith(suffix),
  };
}

function matchesEventName(wanted: string, eventName: string): boolean {
  return wanted.endsWith('*') ? eventName.startsWith(wanted.slice(0, -1)) : eventName === wanted;
}

/** Notifies the target of every notification that a write matches. */
export async function notify(
  write: ObjectWrite,
  notifications: readonly BucketNotification[],
  targets: EventTargets,
  region: string,
  warn: (sentence: string) => void,
): Promise<void> {
  for (const notification of notifications.filter(({ matches }) => matches(write))) {
    const problem = await deliver(
      notification.targetArn,
      notificationEvent(write, region, notification.id),
      targets,
    );
    if (problem) warn(`The bucket ${write.bucket} could not notify ${notification.targetArn}: ${problem}`);
  }
}
