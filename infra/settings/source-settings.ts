import * as z from 'zod';
import { describeKeys, overlaps, type WatchedObjects } from '../../functions/core/model/object-filter.ts';
import { expected, nonEmptyString, strictObject, wholeNumber } from './schema.ts';
import { recordOf, type ValidationIssue } from './validation-issue.ts';

/** Which objects of a bucket to watch, and how their events come. */
export interface WatchOptions {
  /** Only keys that begin with this. Default: all keys. */
  readonly prefix?: string;
  /** Only keys that end with this. Default: all keys. */
  readonly suffix?: string;
  /** `notification`: S3 notifies a queue of the stack, which is cheaper in bulk. Default: `eventbridge`. */
  readonly via?: 'eventbridge' | 'notification';
  /** The account that owns the bucket, where it is not the stack's: its owner lets it send. */
  readonly account?: string;
  /** Whether deploying lets the bucket send its events. Default: true; false where its owner does. */
  readonly configureBucket?: boolean;
}

/** Which of the objects that a topic or queue tells of are wanted. Default: all. */
export interface WatchFilter {
  /** Only objects of the bucket of this name. */
  readonly bucket?: string;
  /** Only keys that begin with this. */
  readonly prefix?: string;
  /** Only keys that end with this. */
  readonly suffix?: string;
}

/** A bucket of a configuration file. */
export interface BucketSettings extends WatchOptions {
  readonly name: string;
  /** Whether the stack makes the bucket, private and encrypted; it stays when the stack goes. Default: false. */
  readonly create?: boolean;
  /** Whether a bucket that the stack makes keeps former versions of its objects. Default: false. */
  readonly versioned?: boolean;
}

/** A topic of a configuration file that carries S3's events. */
export interface TopicSettings extends WatchFilter {
  readonly arn: string;
}

/** A queue of a configuration file that carries S3's events. */
export interface QueueSettings extends WatchFilter {
  readonly arn: string;
  /** The ARN of the KMS key that encrypts it, where that is not SQS's own. */
  readonly keyArn?: string;
}

const bucketName = nonEmptyString('a bucket name').regex(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  expected('a bucket name'),
);
const truth = z.boolean(expected('true or false')).optional();
const keyFields = {
  prefix: nonEmptyString('a prefix').optional(),
  suffix: nonEmptyString('a suffix').optional(),
};
const watchShape = {
  ...keyFields,
  via: z.enum(['eventbridge', 'notification'], expected('"eventbridge" or "notification"')).optional(),
  account: nonEmptyString('an account ID')
    .regex(/^\d{12}$/, expected('an account ID of 12 digits'))
    .optional(),
  configureBucket: truth,
};
const filterShape = { bucket: bucketName.optional(), ...keyFields };

/** The shape of {@link WatchOptions}. */
export const watchFields = strictObject(watchShape);
/** The shape of {@link WatchFilter}; in an app of one's own, a bucket's name may be known at deployment only. */
export const filterFields = strictObject({
  ...filterShape,
  bucket: nonEmptyString('a bucket name').optional(),
});

const arnOf = (service: string, resource: string, what: string) =>
  nonEmptyString(what).regex(
    new RegExp(`^arn:[^:]+:${service}:[a-z0-9-]+:\\d{12}:${resource}$`),
    expected(what),
  );

/** The fields of a configuration file that say where S3's events come from. */
export const sourceFields = {
  buckets: z
    .array(
      strictObject({ name: bucketName, ...watchShape, create: truth, versioned: truth }),
      expected('a list of {name, prefix, suffix}'),
    )
    .optional(),
  topics: z
    .array(
      strictObject({
        arn: arnOf('sns', '(?!.*\\.fifo$)[\\w-]+', 'the ARN of a standard SNS topic'),
        ...filterShape,
      }),
      expected('a list of {arn, bucket, prefix, suffix}'),
    )
    .optional(),
  queues: z
    .array(
      strictObject({
        arn: arnOf('sqs', '[\\w-]+', 'the ARN of a standard SQS queue'),
        keyArn: arnOf('kms', 'key/[\\w-]+', 'the ARN of a KMS key').optional(),
        ...filterShape,
      }),
      expected('a list of {arn, bucket, prefix, suffix}'),
    )
    .optional(),
};

/** The shape of `webhookApi` in a configuration file. */
export const webhookApiFields = strictObject({
  domainName: nonEmptyString('a domain name')
    .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, expected('a domain name'))
    .optional(),
  certificateArn: arnOf('acm', 'certificate/[\\w-]+', 'the ARN of a certificate').optional(),
  hostedZoneId: nonEmptyString('the ID of a hosted zone')
    .regex(/^Z[A-Z0-9]{1,31}$/, expected('the ID of a hosted zone'))
    .optional(),
  throttle: strictObject({
    ratePerSecond: wholeNumber(1, 10_000).optional(),
    burst: wholeNumber(1, 5000).optional(),
  }).optional(),
  accessLogs: truth,
});

/** @returns what of the sources does not fit together; has to cope with whatever the schema refuses */
export function validateSourceSettings(config: unknown): readonly ValidationIssue[] {
  const { buckets, topics, queues, webhookApi } = recordOf(config) ?? {};
  return [
    ...listOf(buckets).flatMap(validateBucket),
    ...overlapsIn(listOf(buckets)),
    ...repeatedIn(listOf(topics), 'topics'),
    ...repeatedIn(listOf(queues), 'queues'),
    ...validateDomain(recordOf(webhookApi) ?? {}),
  ];
}

type Fields = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map((item) => recordOf(item) ?? {}) : [];
}

function validateBucket(bucket: Fields, index: number): readonly ValidationIssue[] {
  const issue = (field: string, message: string) => [{ path: ['buckets', index, field], message }];
  const { create, versioned, account, configureBucket } = bucket;
  return [
    ...(versioned !== undefined && create !== true
      ? issue('versioned', 'expected `create: true` with it: of a bucket that exists its owner says so')
      : []),
    ...(account !== undefined && create === true
      ? issue('account', 'expected no account with `create: true`: the stack makes buckets in its own')
      : []),
    ...(account !== undefined && configureBucket === true
      ? issue(
          'configureBucket',
          "expected false with `account`: another account's bucket is its owner's to configure",
        )
      : []),
  ];
}

function overlapsIn(buckets: readonly Fields[]): readonly ValidationIssue[] {
  const watched = buckets.map(({ name, prefix, suffix }) => ({
    bucket: name,
    ...(typeof prefix === 'string' ? { prefix } : {}),
    ...(typeof suffix === 'string' ? { suffix } : {}),
  })) as readonly WatchedObjects[];
  return watched.flatMap((objects, index) => {
    const other = watched.slice(0, index).find((known) => overlaps(known, objects));
    if (other === undefined || objects.bucket === undefined) return [];
    const got = `${describeKeys(other)} and ${describeKeys(objects)}`;
    return [{ path: ['buckets', index], message: `expected keys that do not overlap, got ${got}` }];
  });
}

function repeatedIn(list: readonly Fields[], name: string): readonly ValidationIssue[] {
  return list.flatMap(({ arn }, index) =>
    arn !== undefined && list.findIndex((other) => other.arn === arn) < index
      ? [{ path: [name, index, 'arn'], message: `expected each once, got ${JSON.stringify(arn)} again` }]
      : [],
  );
}

function validateDomain({ domainName, certificateArn, hostedZoneId }: Fields): readonly ValidationIssue[] {
  const missing = (field: string, needed: string) => [
    { path: ['webhookApi', field], message: `expected \`${needed}\` with it, got nothing` },
  ];
  return [
    ...(domainName !== undefined && certificateArn === undefined
      ? missing('domainName', 'certificateArn')
      : []),
    ...(domainName === undefined && certificateArn !== undefined
      ? missing('certificateArn', 'domainName')
      : []),
    ...(domainName === undefined && hostedZoneId !== undefined ? missing('hostedZoneId', 'domainName') : []),
  ];
}
