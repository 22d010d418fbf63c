import * as z from 'zod';
import type { Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import { notificationEvent, notificationNames } from './event-forms.ts';
import type { ObjectWrite } from './object-writes.ts';
import { deliver, type EventTargets } from './targets.ts';

/** One notification of a bucket: which writes it tells of, and whom. */
export interface BucketNotification {
  readonly id: string;
  readonly bucket: string;
  /** A function's or a queue's. */
  readonly targetArn: string;
  readonly matches: (write: ObjectWrite) => boolean;
}

/** What the template says about the notifications of buckets. */
export interface BucketNotifications {
  readonly notifications: readonly BucketNotification[];
  /** The buckets that send their events to EventBridge. */
  readonly eventBridgeBuckets: ReadonlySet<string>;
}

const filterRules = z.array(z.object({ Name: z.string(), Value: z.string() })).default([]);
const customFilter = z.object({ Key: z.object({ FilterRules: filterRules }) }).optional();
const customTarget = { Id: z.string().optional(), Events: z.array(z.string()), Filter: customFilter };

/** What the custom resource of the CDK passes to PutBucketNotificationConfiguration. */
const customSchema = z.object({
  BucketName: z.string(),
  NotificationConfiguration: z.object({
    EventBridgeConfiguration: z.unknown().optional(),
    LambdaFunctionConfigurations: z
      .array(z.object({ ...customTarget, LambdaFunctionArn: z.string() }))
      .default([]),
    QueueConfigurations: z.array(z.object({ ...customTarget, QueueArn: z.string() })).default([]),
    TopicConfigurations: z.array(z.unknown()).default([]),
  }),
});

const nativeFilter = z.object({ S3Key: z.object({ Rules: filterRules }) }).optional();
const nativeTarget = { Event: z.string(), Filter: nativeFilter };
const nativeSchema = z.object({
  NotificationConfiguration: z
    .object({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: z.coerce.string() }).optional(),
      LambdaConfigurations: z.array(z.object({ ...nativeTarget, Function: z.string() })).default([]),
      QueueConfigurations: z.array(z.object({ ...nativeTarget, Queue: z.string() })).default([]),
      TopicConfigurations: z.array(z.unknown()).default([]),
    })
    .prefault({}),
});

/**
 * Reads the notifications of the template's buckets, and of imported buckets where a custom resource sets them.
 * @param warn called with one sentence for each bucket whose notifications go to SNS, which is left out.
 */
export function readNotifications(
  template: StackTemplate,
  warn: (sentence: string) => void,
): BucketNotifications {
  const found = [
    ...template.resources('AWS::S3::Bucket').map((bucket) => readNative(template, bucket)),
    ...template.resources('Custom::S3BucketNotifications').map((resource) => readCustom(template, resource)),
  ];
  for (const { bucket, topicCount } of found) {
    if (topicCount > 0)
      warn(`Notifications of the bucket ${bucket} to SNS topics are not supported locally.`);
  }
  return {
    notifications: found.flatMap(({ notifications }) => notifications),
    eventBridgeBuckets: new Set(
      found.filter(({ toEventBridge }) => toEventBridge).map(({ bucket }) => bucket),
    ),
  };
}

function readNative(template: StackTemplate, resource: Resource) {
  const bucket = template.physicalName(resource);
  const { NotificationConfiguration: settings } = template.properties(resource, nativeSchema);
  const functions = settings.LambdaConfigurations.map((item) => ({ ...item, targetArn: item.Function }));
  const queues = settings.QueueConfigurations.map((item) => ({ ...item, targetArn: item.Queue }));
  return {
    bucket,
    topicCount: settings.TopicConfigurations.length,
    toEventBridge: settings.EventBridgeConfiguration?.EventBridgeEnabled === 'true',
    notifications: [...functions, ...queues].map(({ Event, Filter, targetArn }, index) =>
      asNotification(
        { id: `${resource.logicalId}-${index}`, bucket, targetArn },
        [Event],
        Filter?.S3Key.Rules,
      ),
    ),
  };
}

function readCustom(template: StackTemplate, resource: Resource) {
  const { BucketName: bucket, NotificationConfiguration: settings } = template.properties(
    resource,
    customSchema,
  );
  const functions = settings.LambdaFunctionConfigurations.map((item) => ({
    ...item,
    targetArn: item.LambdaFunctionArn,
  }));
  const queues = settings.QueueConfigurations.map((item) => ({ ...item, targetArn: item.QueueArn }));
  return {
    bucket,
    topicCount: settings.TopicConfigurations.length,
    toEventBridge: settings.EventBridgeConfiguration !== undefined,
    notifications: [...functions, ...queues].map(({ Id, Events, Filter, targetArn }, index) => {
      const id = Id ?? `${resource.logicalId}-${index}`;
      return asNotification({ id, bucket, targetArn }, Events, Filter?.Key.FilterRules);
    }),
  };
}

function asNotification(
  name: Pick<BucketNotification, 'id' | 'bucket' | 'targetArn'>,
  events: readonly string[],
  filters: z.output<typeof filterRules> = [],
): BucketNotification {
  const wanted = events.map((event) => event.replace(/^s3:/, ''));
  const part = (rule: string) => filters.find(({ Name }) => Name.toLowerCase() === rule)?.Value ?? '';
  return {
    ...name,
    matches: ({ bucket, key, operation }) =>
      bucket === name.bucket &&
      wanted.some((event) => matchesEventName(event, notificationNames[operation])) &&
      key.startsWith(part('prefix')) &&
      key.endsWith(part('suffix')),
  };
}

function matchesEventName(wanted: string, eventName: string): boolean {
  return wanted.endsWith('*') ? eventName.startsWith(wanted.slice(0, -1)) : eventName === wanted;
}

/** Tells the target of every notification that a write matches. */
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
