import * as z from 'zod';
import {
  describeKeys,
  type ObjectFilter,
  overlaps,
} from '../../../functions/core/model/objects/object-filter.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { ConfigError, check, purgerSubject } from '../checks/check.ts';
import { arrayOf, expected, nonEmptyString, strictObject, trueOrFalse } from '../checks/schema.ts';
import { stringsAt, type ValidationIssue } from '../checks/validation-issue.ts';
import { literalGlobProblem } from '../rules/globs.ts';

/** Which objects of a bucket to watch, and how their events arrive. */
export interface WatchOptions {
  /**
   * Only keys that begin with this.
   * @default - all keys
   */
  readonly prefix?: string;
  /**
   * Only keys that end with this.
   * @default - all keys
   */
  readonly suffix?: string;
  /**
   * `notification`: S3 notifies a queue of the stack, which is cheaper in bulk.
   * @default 'eventbridge'
   */
  readonly via?: 'eventbridge' | 'notification';
  /**
   * The account that owns the bucket; its owner then lets the bucket send its events.
   * @default - the stack's account
   */
  readonly account?: string;
  /**
   * Whether deploying lets the bucket send its events.
   * @default - true, unless another account owns the bucket
   */
  readonly configureBucket?: boolean;
  /**
   * Whether a put whose ETag and size are those of the last purged one of its key is left out; or the prefixes of keys
   * for which it is.
   * @default false
   */
  readonly skipUnchanged?: boolean | readonly string[];
}

/** An object filter: which objects to take from the events that a topic or queue carries. */
export interface WatchFilter {
  /**
   * Only objects of the bucket of this name.
   * @default - all buckets
   */
  readonly bucket?: string;
  /**
   * Only keys that begin with this.
   * @default - all keys
   */
  readonly prefix?: string;
  /**
   * Only keys that end with this.
   * @default - all keys
   */
  readonly suffix?: string;
}

/** A prefix or suffix: S3 takes a star in it as it is. */
function literal(what: 'prefix' | 'suffix') {
  return nonEmptyString(`a ${what}`).refine((value) => literalGlobProblem(what, value) === undefined, {
    error: ({ input }) => literalGlobProblem(what, String(input)),
  });
}

const keyShape = {
  prefix: literal('prefix').optional(),
  suffix: literal('suffix').optional(),
};

/** The fields of {@link WatchOptions}, for schemas that have more. */
export const watchShape = {
  ...keyShape,
  via: z.enum(['eventbridge', 'notification'], expected('"eventbridge" or "notification"')).optional(),
  account: nonEmptyString('an account ID')
    .regex(/^\d{12}$/, expected('an account ID of 12 digits'))
    .optional(),
  configureBucket: trueOrFalse.optional(),
  skipUnchanged: z
    .union(
      [z.boolean(), arrayOf(nonEmptyString('a prefix'), 'prefixes')],
      expected('true, false or a list of prefixes'),
    )
    .optional(),
};

/**
 * An alias of an access point or the like has another ending, and is no name that S3's events have. Beginnings that S3
 * reserves now, such as `xn--`, older buckets have: a website's bucket is named as its domain.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
 */
export const bucketName = nonEmptyString('a bucket name').regex(
  /^(?![0-9]+(?:\.[0-9]+){3}$)(?!.*(?:\.[.-]|-\.|-s3alias$|--ol-s3$|\.mrap$|--x-s3$|--table-s3$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  expected('a bucket name'),
);

/** The fields of {@link WatchFilter}, for schemas that have more. */
export const filterShape = { bucket: bucketName.optional(), ...keyShape };

const watchOptions = strictObject(watchShape);
/** In a CDK app, a bucket's name may be known at deployment only. */
const watchFilter = strictObject({ ...filterShape, bucket: nonEmptyString('a bucket name').optional() });

/**
 * @param isUnresolved CDK's own, which commands do not load: whether only the deployment knows a value
 * @throws ConfigError with every issue
 */
export function checkWatchOptions(options: WatchOptions, isUnresolved: (value: unknown) => boolean): void {
  const { prefix, suffix } = options;
  check(watchOptions, options, 'The options of `watchBucket`', (given) => [
    ...validateSkip(given),
    // They are escaped and encoded at synth, for EventBridge and S3.
    ...Object.entries({ prefix, suffix }).flatMap(([field, value]) =>
      isUnresolved(value) ? [{ path: [field], message: unknownAtSynth }] : [],
    ),
  ]);
}

const unknownAtSynth = 'expected a value that is known at synth, got one that only the deployment knows';

/** @returns an issue for each prefix of `skipUnchanged` that no watched key begins with */
export function validateSkip(options: unknown): readonly ValidationIssue[] {
  const { prefix: watched, skipUnchanged } = recordOf(options) ?? {};
  if (typeof watched !== 'string') return [];
  return stringsAt(skipUnchanged, ['skipUnchanged']).flatMap(({ value, path }) =>
    value.startsWith(watched) || watched.startsWith(value)
      ? []
      : [{ path, message: `it has no effect: only ${describeKeys({ prefix: watched })} are watched` }],
  );
}

/** @returns the objects of a bucket that `skipUnchanged` is for */
export function skippedObjects(
  bucket: string,
  { prefix = '', suffix, skipUnchanged = false }: WatchOptions,
): readonly ObjectFilter[] {
  if (skipUnchanged === false) return [];
  const prefixes = skipUnchanged === true ? [''] : skipUnchanged;
  return prefixes.map((each) => {
    const longer = each.length > prefix.length ? each : prefix;
    return {
      bucket,
      ...(longer === '' ? {} : { prefix: longer }),
      ...(suffix === undefined ? {} : { suffix }),
    };
  });
}

/** @throws ConfigError with every issue */
export function checkWatchFilter(filter: WatchFilter, method: 'watchTopic' | 'watchQueue'): void {
  check(watchFilter, filter, `The options of \`${method}\``);
}

/**
 * Two events for one change would be two purges.
 * @param isUnresolved CDK's own, which commands do not load: whether only the deployment knows a value
 * @throws ConfigError where objects are watched already
 */
export function checkOverlap(
  objects: ObjectFilter,
  watched: readonly ObjectFilter[],
  isUnresolved: (value: unknown) => boolean,
): void {
  const other = watched.find((known) => known.bucket !== undefined && overlaps(known, objects));
  if (other === undefined) return;
  const name = isUnresolved(objects.bucket) ? 'a bucket' : `the bucket "${objects.bucket}"`;
  throw new ConfigError(purgerSubject, [
    `\`buckets\`: expected keys that do not overlap, got ${describeKeys(other)} and ${describeKeys(objects)} of ${name}`,
  ]);
}

/** @throws ConfigError for a FIFO queue */
export function checkStandardQueue({ fifo }: { readonly fifo: boolean }): void {
  if (!fifo) return;
  throw new ConfigError(purgerSubject, [
    '`queues`: expected a standard queue, got a FIFO queue, to which S3 cannot send',
  ]);
}
