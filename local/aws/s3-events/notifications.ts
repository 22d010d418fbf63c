import * as z from 'zod';
import { formEncodedKey } from '../../../functions/core/model/form-encoded-key.ts';
import type { ObjectWrite } from '../emulators/object-writes.ts';
import type { Resource } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';
import { notificationEvent, notificationNames } from './event-forms.ts';
import { deliver, type EventTargets } from './targets.ts';

/** One notification of a bucket: which writes it tells of, and whom. */
export interface BucketNotification {
  readonly id: string;
  readonly bucket: string;
  /** A function's, a queue's or a topic's. */
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
    TopicConfigurations: z.array(z.object({ ...customTarget, TopicArn: z.string() })).default([]),
  }),
});

/** What the custom resource of this project adds to a bucket's configuration. */
const ownSchema = z.object({
  BucketName: z.string(),
  Configuration: z.string().transform((text) => ownConfiguration.parse(JSON.parse(text))),
});
const ownConfiguration = z.object({
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

const nativeFilter = z.object({ S3Key: z.object({ Rules: filterRules }) }).optional();
const nativeTarget = { Event: z.string(), Filter: nativeFilter };
const nativeSchema = z.object({
  NotificationConfiguration: z
    .object({
      EventBridgeConfiguration: z.object({ EventBridgeEnabled: z.coerce.string() }).optional(),
      LambdaConfigurations: z.array(z.object({ ...nativeTarget, Function: z.string() })).default([]),
      QueueConfigurations: z.array(z.object({ ...nativeTarget, Queue: z.string() })).default([]),
      TopicConfigurations: z.array(z.object({ ...nativeTarget, Topic: z.string() })).default([]),
    })
    .prefault({}),
});

/** Reads the notifications of the template's buckets, and of imported buckets where a custom resource sets them. */
export function readNotifications(template: StackTemplate): BucketNotifications {
  const found = [
    ...template.resources('AWS::S3::Bucket').map((bucket) => readNative(template, bucket)),
    ...template.resources('Custom::S3BucketNotifications').map((resource) => readCustom(template, resource)),
    ...template.resources('Custom::PurgerBucketConfiguration').map((resource) => readOwn(template, resource)),
  ];
  return {
    notifications: found.flatMap(({ notifications }) => notifications),
    eventBridgeBuckets: new Set(
      found.filter(({ toEventBridge }) => toEventBridge).map(({ bucket }) => bucket),
    ),
  };
}

/** A notification that a bucket's owner has set up outside of the stack. */
export interface OutsideNotification {
  readonly bucket: string;
  readonly targetArn: string;
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

/** @returns a notification as its owner would have to set it up: of objects that are created or removed */
export function outsideNotification(
  { bucket, targetArn, prefix = '', suffix = '' }: OutsideNotification,
  index: number,
): BucketNotification {
  const filters = [
    { Name: 'prefix', Value: formEncodedKey(prefix) },
    { Name: 'suffix', Value: formEncodedKey(suffix) },
  ];
  const id = `outside-${index + 1}`;
  return asNotification({ id, bucket, targetArn }, ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'], filters);
}

function readOwn(template: StackTemplate, resource: Resource) {
  const { BucketName: bucket, Configuration } = template.properties(resource, ownSchema);
  const { eventBridge, idPrefix, queues } = Configuration;
  return {
    bucket,
    toEventBridge: eventBridge,
    notifications: queues.map(({ queueArn: targetArn, events, prefix = '', suffix = '' }, index) => {
      const filters = [
        { Name: 'prefix', Value: prefix },
        { Name: 'suffix', Value: suffix },
      ];
      return asNotification({ id: `${idPrefix}${index + 1}`, bucket, targetArn }, events, filters);
    }),
  };
}

function readNative(template: StackTemplate, resource: Resource) {
  const bucket = template.physicalName(resource);
  const { NotificationConfiguration: settings } = template.properties(resource, nativeSchema);
  const functions = settings.LambdaConfigurations.map((item) => ({ ...item, targetArn: item.Function }));
  const queues = settings.QueueConfigurations.map((item) => ({ ...item, targetArn: item.Queue }));
  const topics = settings.TopicConfigurations.map((item) => ({ ...item, targetArn: item.Topic }));
  return {
    bucket,
    toEventBridge: settings.EventBridgeConfiguration?.EventBridgeEnabled === 'true',
    notifications: [...functions, ...queues, ...topics].map(({ Event, Filter, targetArn }, index) =>
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
  const topics = settings.TopicConfigurations.map((item) => ({ ...item, targetArn: item.TopicArn }));
  return {
    bucket,
    toEventBridge: settings.EventBridgeConfiguration !== undefined,
    notifications: [...functions, ...queues, ...topics].map(({ Id, Events, Filter, targetArn }, index) => {
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
  // S3 compares with keys as its notifications spell them.
  const part = (rule: string) => filters.find(({ Name }) => Name.toLowerCase() === rule)?.Value ?? '';
  const [prefix, suffix] = [part('prefix'), part('suffix')];
  return {
    ...name,
    matches: ({ bucket, key, operation }) =>
      bucket === name.bucket &&
      wanted.some((event) => matchesEventName(event, notificationNames[operation])) &&
      formEncodedKey(key).startsWith(prefix) &&
      formEncodedKey(key).endsWith(suffix),
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
