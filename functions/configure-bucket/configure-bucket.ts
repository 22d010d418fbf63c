import { isDeepStrictEqual } from 'node:util';
import type { NotificationConfiguration, QueueConfiguration, Event as S3EventName } from '@aws-sdk/client-s3';
import { PurgerError } from '../core/model/errors.ts';

/** The notification configuration that the stack wants of a bucket, from its custom resource. */
export interface WantedConfiguration {
  readonly bucketName: string;
  /** Whether the bucket is to send its events to EventBridge. */
  readonly eventBridge: boolean;
  /** Prefix of the `Id`s of this stack's notifications. */
  readonly idPrefix: string;
  readonly queues: readonly {
    readonly queueArn: string;
    readonly events: readonly string[];
    /** Form-encoded, as S3 expects them in a filter. */
    readonly prefix?: string;
    readonly suffix?: string;
  }[];
}

/** The ports of configuring a bucket. */
export interface ConfigurePorts {
  readonly read: (bucketName: string) => Promise<NotificationConfiguration>;
  readonly write: (
    bucketName: string,
    configuration: NotificationConfiguration,
    options: { readonly skipDestinationValidation: boolean },
  ) => Promise<void>;
  readonly sleep: (ms: number) => Promise<unknown>;
  /** From 0 (included) to 1 (excluded). */
  readonly random: () => number;
}

/** A request of CloudFormation that lacks properties which the stack sets. */
export class UnexpectedRequestError extends PurgerError {
  override readonly name = 'UnexpectedRequestError';
}

/** Another writer keeps overwriting the bucket's notification configuration. */
export class OverwrittenConfigurationError extends PurgerError {
  override readonly name = 'OverwrittenConfigurationError';
}

/** A role or a queue's policy that was made a moment ago may not be known everywhere. */
const retryDelaysMs = [2_000, 5_000, 10_000, 20_000];
/** Longer than anyone is between reading and writing, who could still write over what was just written. */
const readBackDelaysMs = [1_000, 1_000, 2_000, 4_000, 8_000];

/**
 * Adds what the stack wants to a bucket's notification configuration and leaves the rest as it is: S3 only writes the
 * whole configuration, and other teams' notifications are in it, too. On `Delete` the stack's own notifications are
 * removed; EventBridge stays on, since others may listen by now. S3 has no conditional write, so the configuration is
 * read back a moment later, and written again where another writer has dropped it.
 * @throws OverwrittenConfigurationError where it is overwritten after every write
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
 */
export async function configureBucket(
  requestType: 'Create' | 'Update' | 'Delete',
  wanted: WantedConfiguration,
  ports: ConfigurePorts,
): Promise<void> {
  for (const delayMs of readBackDelaysMs) {
    if ((await configurePatiently(requestType, wanted, ports)) === 'settled') return;
    // Writers that met once would meet again without the chance in it.
    await ports.sleep(delayMs * (1 + ports.random()));
  }
  if (isSettled(requestType, await ports.read(wanted.bucketName), wanted)) return;
  throw new OverwrittenConfigurationError(
    `Expected the notification configuration of ${wanted.bucketName} to stay as written, got another one after each of ${readBackDelaysMs.length} writes: something else writes it at the same time`,
  );
}

type Outcome = 'settled' | 'written';

async function configurePatiently(
  requestType: string,
  wanted: WantedConfiguration,
  ports: ConfigurePorts,
): Promise<Outcome> {
  for (const delayMs of retryDelaysMs) {
    try {
      return await configureOnce(requestType, wanted, ports);
    } catch (error) {
      if (requestType === 'Delete' && isNamed(error, 'NoSuchBucket')) return 'settled';
      if (!isNamed(error, 'AccessDenied') && !isNamed(error, 'InvalidArgument')) throw error;
      await ports.sleep(delayMs);
    }
  }
  return configureOnce(requestType, wanted, ports);
}

async function configureOnce(
  requestType: string,
  wanted: WantedConfiguration,
  { read, write }: ConfigurePorts,
): Promise<Outcome> {
  const present = await read(wanted.bucketName);
  // Each write makes S3 send a test event to every destination, other teams' included.
  if (isSettled(requestType, present, wanted)) return 'settled';
  const isDelete = requestType === 'Delete';
  const next = isDelete ? without(present, wanted) : merged(present, wanted);
  // Another team's destination that is gone would hold up the deletion of this stack.
  await write(wanted.bucketName, next, { skipDestinationValidation: isDelete });
  return 'written';
}

/** Whether a bucket's configuration has all that is wanted, and nothing else of this stack. */
function isSettled(
  requestType: string,
  { QueueConfigurations = [], EventBridgeConfiguration }: NotificationConfiguration,
  wanted: WantedConfiguration,
): boolean {
  const ours = QueueConfigurations.filter(({ Id = '' }) => Id.startsWith(wanted.idPrefix));
  if (requestType === 'Delete') return ours.length === 0;
  const expected = wanted.queues.map((_, index) => queueConfiguration(wanted, index));
  return (
    (!wanted.eventBridge || EventBridgeConfiguration !== undefined) &&
    isDeepStrictEqual(new Set(ours.map(comparable)), new Set(expected.map(comparable)))
  );
}

/** S3 returns what it was given in another order, and calls a rule `Prefix` that was `prefix`. */
function comparable({ Id, QueueArn, Events = [], Filter }: QueueConfiguration): string {
  const rules = (Filter?.Key?.FilterRules ?? []).map(({ Name = '', Value }) => [Name.toLowerCase(), Value]);
  return JSON.stringify([Id, QueueArn, Events.toSorted(), rules.sort()]);
}

/** @returns the configuration less the notifications of this stack */
function without(
  present: NotificationConfiguration,
  { idPrefix }: WantedConfiguration,
): NotificationConfiguration {
  if (present.QueueConfigurations === undefined) return present;
  const others = present.QueueConfigurations.filter(({ Id = '' }) => !Id.startsWith(idPrefix));
  return { ...present, QueueConfigurations: others };
}

function merged(present: NotificationConfiguration, wanted: WantedConfiguration): NotificationConfiguration {
  const { QueueConfigurations: others = [], ...rest } = without(present, wanted);
  const queues = [...others, ...wanted.queues.map((_, index) => queueConfiguration(wanted, index))];
  return {
    ...rest,
    ...(queues.length > 0 || present.QueueConfigurations ? { QueueConfigurations: queues } : {}),
    ...(wanted.eventBridge ? { EventBridgeConfiguration: {} } : {}),
  };
}

function queueConfiguration({ queues, idPrefix }: WantedConfiguration, index: number): QueueConfiguration {
  const { queueArn, events = [], prefix, suffix } = queues[index] ?? {};
  const FilterRules = [
    ...(prefix === undefined ? [] : [{ Name: 'prefix' as const, Value: prefix }]),
    ...(suffix === undefined ? [] : [{ Name: 'suffix' as const, Value: suffix }]),
  ];
  return {
    Id: `${idPrefix}${index + 1}`,
    QueueArn: queueArn,
    Events: [...events] as S3EventName[],
    ...(FilterRules.length > 0 ? { Filter: { Key: { FilterRules } } } : {}),
  };
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

/**
 * Reads the properties of the custom resource, which CloudFormation turns into strings.
 * @throws UnexpectedRequestError where something is missing
 */
export function readWanted(properties: Readonly<Record<string, unknown>>): WantedConfiguration {
  const { BucketName, Configuration } = properties;
  if (typeof BucketName !== 'string' || typeof Configuration !== 'string') {
    throw new UnexpectedRequestError(
      'Expected `BucketName` and `Configuration` in the request, got something else',
    );
  }
  return {
    ...(JSON.parse(Configuration) as Omit<WantedConfiguration, 'bucketName'>),
    bucketName: BucketName,
  };
}
