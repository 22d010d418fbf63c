import type { ObjectWrite } from '../emulators/object-writes.ts';
import type { StackTemplate } from '../template/template.ts';
import { eventBridgeEvent, testEvent } from './event-forms.ts';
import {
  type BucketNotification,
  notify,
  type OutsideNotification,
  outsideNotification,
  readNotifications,
} from './notifications.ts';
import { dispatchEvent, readRules } from './rules.ts';
import { deliver, type EventTargets } from './targets.ts';

/** The parts of the stack that object events need. */
export interface ObjectEventSurroundings {
  readonly template: StackTemplate;
  readonly targets: EventTargets;
  readonly createBucket: (name: string) => Promise<void>;
  /** Whether the owner of a bucket lets it send its events to EventBridge. */
  readonly sendsToEventBridge: (bucket: string) => boolean;
  /** Notifications that owners of buckets have set up outside of the stack. */
  readonly outside: readonly OutsideNotification[];
  readonly warn: (sentence: string) => void;
}

/** The buckets of a stack, and the delivery of their events. */
export interface ObjectEvents {
  readonly buckets: readonly string[];
  readonly deliver: (write: ObjectWrite) => Promise<void>;
}

/**
 * Creates the template's buckets and those of others that its event rules and notifications name, and reads where each
 * sends its events.
 * @throws {TemplateError} for a rule or a notification that is not supported.
 */
export async function startObjectEvents(surroundings: ObjectEventSurroundings): Promise<ObjectEvents> {
  const { template, targets, createBucket, sendsToEventBridge, outside, warn } = surroundings;
  const rules = readRules(template);
  const { notifications: inside, eventBridgeBuckets } = readNotifications(template);
  const notifications = [...inside, ...outside.map(outsideNotification)];
  const own = template.resources('AWS::S3::Bucket').map(template.physicalName);
  const imported = [
    ...rules.flatMap((rule) => rule.bucketNames),
    ...notifications.map(({ bucket }) => bucket),
  ];
  const buckets = [...new Set([...own, ...imported, ...eventBridgeBuckets])];
  for (const bucket of buckets) await createBucket(bucket);
  // How a bucket of another stack is configured is not known here: it is assumed to be right.
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
      if (!reachesEventBridge(write.bucket) || !sendsToEventBridge(write.bucket)) return;
      // A bucket that a rule on a bus of the stack asks for belongs to another account, which forwards its events.
      const account = rules.find(
        (rule) => rule.isOnOwnBus && rule.bucketNames.includes(write.bucket),
      )?.account;
      const candidates = rules.filter(({ isOnOwnBus }) => isOnOwnBus === (account !== undefined));
      await dispatchEvent(eventBridgeEvent(write, template.region, account), candidates, targets, warn);
    },
  };
}

async function sendTestEvents(
  notifications: readonly BucketNotification[],
  targets: EventTargets,
): Promise<void> {
  for (const { bucket, targetArn } of notifications) {
    await deliver(targetArn, testEvent(bucket, Date.now()), targets);
  }
}
