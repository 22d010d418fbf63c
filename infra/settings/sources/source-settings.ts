import * as z from 'zod';
import {
  describeKeys,
  type ObjectFilter,
  overlaps,
} from '../../../functions/core/model/objects/object-filter.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { arnOf, expected, strictObject, trueOrFalse } from '../checks/schema.ts';
import type { ValidationIssue } from '../checks/validation-issue.ts';
import {
  bucketName,
  filterShape,
  validateSkip,
  type WatchFilter,
  type WatchOptions,
  watchShape,
} from './watch-options.ts';

/** A bucket of a configuration file. */
export interface BucketSettings extends WatchOptions {
  readonly name: string;
  /**
   * Whether the stack creates the bucket, private and encrypted; it stays when the stack is deleted.
   * @default false
   */
  readonly create?: boolean;
  /**
   * Whether a bucket that the stack creates keeps former versions of its objects.
   * @default false
   */
  readonly versioned?: boolean;
}

/** A topic of a configuration file that carries S3's events. */
export interface TopicSettings extends WatchFilter {
  readonly arn: string;
}

/** A queue of a configuration file that carries S3's events. */
export interface QueueSettings extends WatchFilter {
  readonly arn: string;
  /**
   * The ARN of the KMS key that encrypts it.
   * @default - SQS's own key
   */
  readonly keyArn?: string;
}

/** The fields of a configuration file for the sources of S3's events. */
export const sourceFields = {
  buckets: z
    .array(
      strictObject({
        name: bucketName,
        ...watchShape,
        create: trueOrFalse.optional(),
        versioned: trueOrFalse.optional(),
      }),
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

/** @returns the issues of sources that a schema cannot express; copes with values that the schema refuses */
export function validateSourceSettings(config: unknown): readonly ValidationIssue[] {
  const { buckets, topics, queues } = recordOf(config) ?? {};
  return [
    ...listOf(buckets).flatMap(validateBucket),
    ...overlapsIn(listOf(buckets)),
    ...repeatedIn(listOf(topics), 'topics'),
    ...repeatedIn(listOf(queues), 'queues'),
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
      ? issue('versioned', 'expected `create: true` with it: for an existing bucket, its owner decides')
      : []),
    ...(account !== undefined && create === true
      ? issue('account', 'expected no account with `create: true`: the stack creates buckets in its own')
      : []),
    ...(account !== undefined && configureBucket === true
      ? issue(
          'configureBucket',
          "expected false with `account`: another account's bucket is configured by its owner",
        )
      : []),
    ...validateSkip(bucket).map(({ path, message }) => ({ path: ['buckets', index, ...path], message })),
  ];
}

function overlapsIn(buckets: readonly Fields[]): readonly ValidationIssue[] {
  const watched = buckets.map(({ name, prefix, suffix }) => ({
    bucket: name,
    ...(typeof prefix === 'string' ? { prefix } : {}),
    ...(typeof suffix === 'string' ? { suffix } : {}),
  })) as readonly ObjectFilter[];
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
