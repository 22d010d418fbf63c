import type { StackTemplate } from '../template/template.ts';
import { eventBridgeEvent, testEvent } from './event-forms.ts';
import { type BucketNotification, notify, readNotifications } from './notifications.ts';
import type { ObjectWrite } from './object-writes.ts';
import { dispatchEvent, readRules } from './rules.ts';
import type { EventTargets } from './targets.ts';

/** What object events need of the stack around them. */
export interface ObjectEventSurroundings {
  readonly template: StackTemplate;
  readonly targets: EventTargets;
  readonly createBucket: (name: string) => Promise<void>;
  readonly warn: (sentence: string) => void;
}

/** The buckets of a stack, and what tells the world of a change in one of them. */
export interface ObjectEvents {
  readonly buckets: readonly string[];
  readonly deliver: (write: ObjectWrite) => Promise<void>;
}

/**
 * Creates the template's buckets, and those of others that its event rules and notifications name, and reads whom each
 * of them tells of its objects.
 * @throws {TemplateError} for an event pattern that is not supported.
 */
export async function startObjectEvents(surroundings: ObjectEventSurroundings): Promise<ObjectEvents> {
  const { template, targets, createBucket, warn } = surroundings;
  const rules = readRules(template, warn);
  const { notifications, eventBridgeBuckets } = readNotifications(template, warn);
  const own = template.resources('AWS::S3::Bucket').map(template.physicalName);
  const imported = [
    ...rules.flatMap((rule) => rule.bucketNames),
    ...notifications.map(({ bucket }) => bucket),
  ];
  const buckets = [...new Set([...own, ...imported, ...eventBridgeBuckets])];
  for (const bucket of buckets) await createBucket(bucket);
  // Nobody here can see how a bucket of another stack is set up: its owner is taken at their word.
  const reachesEventBridge = (bucket: string) => eventBridgeBuckets.has(bucket) || !own.includes(bucket);
  for (const { logicalId, bucketNames } of rules) {
    for (const bucket of bucketNames.filter((name) => !reachesEventBridge(name))) {
      warn(`The rule ${logicalId} waits for events that the bucket ${bucket} does not send to EventBridge.`);
    }
  }
  await sendTestEvents(notifications, targets);
  return {
    buckets,
    async deliver(write) {
      await notify(write, notifications, targets, template.region, warn);
      if (!reachesEventBridge(write.bucket)) return;
      await dispatchEvent(eventBridgeEvent(write, template.region), rules, targets, warn);
    },
  };
}

async function sendTestEvents(
  notifications: readonly BucketNotification[],
  targets: EventTargets,
): Promise<void> {
  for (const { bucket, targetArn } of notifications.filter((item) =>
    item.targetArn.startsWith('arn:aws:sqs:'),
  )) {
    await targets.sendToQueue(targetArn, JSON.stringify(testEvent(bucket, Date.now())));
  }
}
