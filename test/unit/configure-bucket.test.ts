import type { NotificationConfiguration } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import {
  configureBucket,
  readWanted,
  type WantedConfiguration,
} from '../../functions/configure-bucket/configure-bucket.ts';

const wanted: WantedConfiguration = {
  bucketName: 'www',
  eventBridge: true,
  idPrefix: 'Mine-',
  queues: [
    { queueArn: 'arn:inbox', events: ['s3:ObjectCreated:*'], prefix: 'a/' },
    { queueArn: 'arn:inbox', events: ['s3:ObjectCreated:*'] },
  ],
};
const theirs = { Id: 'theirs', QueueArn: 'arn:theirs', Events: ['s3:ObjectTagging:*' as const] };
const topic = { Id: 't', TopicArn: 'arn:topic', Events: ['s3:ObjectRestore:*' as const] };
const ours = [
  {
    Id: 'Mine-1',
    QueueArn: 'arn:inbox',
    Events: ['s3:ObjectCreated:*'],
    Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'a/' }] } },
  },
  { Id: 'Mine-2', QueueArn: 'arn:inbox', Events: ['s3:ObjectCreated:*'] },
];

/** A bucket, whose first writes fail with the given errors. */
function bucketWith(configuration: NotificationConfiguration, ...errors: string[]) {
  const world = { configuration, writes: 0, unvalidatedWrites: 0, sleptMs: 0 };
  const fail = () => {
    const name = errors.shift();
    if (name !== undefined) throw Object.assign(new Error(`no: ${name}`), { name });
  };
  return Object.assign(world, {
    read: async () => world.configuration,
    write: async (
      _: string,
      next: NotificationConfiguration,
      { skipDestinationValidation }: { readonly skipDestinationValidation: boolean },
    ) => {
      fail();
      world.writes++;
      if (skipDestinationValidation) world.unvalidatedWrites++;
      world.configuration = next;
    },
    sleep: async (ms: number) => {
      world.sleptMs += ms;
    },
    random: () => 0.5,
  });
}

test('what others have set stays, and what is ours is replaced', async () => {
  const former = { ...theirs, Id: 'Mine-7' };
  const bucket = bucketWith({ TopicConfigurations: [topic], QueueConfigurations: [theirs, former] });
  await configureBucket('Update', wanted, bucket);
  expect(bucket.configuration).toEqual({
    TopicConfigurations: [topic],
    QueueConfigurations: [theirs, ...ours],
    EventBridgeConfiguration: {},
  });
});

test('what is there already is not written again', async () => {
  const bucket = bucketWith({});
  await configureBucket('Create', wanted, bucket);
  await configureBucket('Update', wanted, bucket);
  expect(bucket.writes).toBe(1);
});

test('what S3 returns in other words is not written again', async () => {
  const events = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'] as const;
  const second = { Id: 'Mine-2', QueueArn: 'arn:inbox', Events: [...events] };
  const asGivenBack = {
    Id: 'Mine-1',
    QueueArn: 'arn:inbox',
    Events: events.toReversed(),
    Filter: { Key: { FilterRules: [{ Name: 'Prefix' as const, Value: 'a/' }] } },
  };
  const bucket = bucketWith({
    QueueConfigurations: [second, theirs, asGivenBack],
    EventBridgeConfiguration: {},
  });
  const queues = wanted.queues.map((queue) => ({ ...queue, events }));
  await configureBucket('Update', { ...wanted, queues }, bucket);
  expect(bucket.writes).toBe(0);
});

test('EventBridge that is on stays on, wanted or not, and with the stack gone', async () => {
  for (const type of ['Update', 'Delete'] as const) {
    const bucket = bucketWith({ EventBridgeConfiguration: {} });
    await configureBucket(type, { ...wanted, eventBridge: false, queues: [] }, bucket);
    expect(bucket.configuration).toEqual({ EventBridgeConfiguration: {} });
  }
});

test('with the stack, our notifications go and no others', async () => {
  const bucket = bucketWith({ QueueConfigurations: [theirs] });
  await configureBucket('Create', wanted, bucket);
  await configureBucket('Delete', wanted, bucket);
  expect(bucket.configuration.QueueConfigurations).toEqual([theirs]);
});

test('destinations are tried out, save where ours are taken away: of others they may be gone', async () => {
  const bucket = bucketWith({ QueueConfigurations: [theirs] });
  await configureBucket('Create', wanted, bucket);
  expect(bucket).toMatchObject({ writes: 1, unvalidatedWrites: 0 });
  await configureBucket('Delete', wanted, bucket);
  expect(bucket).toMatchObject({ writes: 2, unvalidatedWrites: 1 });
});

test('a role or a policy that is not known everywhere yet is waited for', async () => {
  const bucket = bucketWith({}, 'AccessDenied', 'InvalidArgument');
  await configureBucket('Create', wanted, bucket);
  expect(bucket.writes).toBe(1);
  expect(bucket.sleptMs).toBeGreaterThan(0);
});

test('what does not pass fails, with what S3 says', async () => {
  const denied = bucketWith({}, ...Array.from({ length: 5 }, () => 'AccessDenied'));
  await expect(configureBucket('Create', wanted, denied)).rejects.toThrow('no: AccessDenied');
  await expect(configureBucket('Create', wanted, bucketWith({}, 'SlowDown'))).rejects.toThrow('no: SlowDown');
});

test('a bucket that is gone holds up no deletion of the stack', async () => {
  const bucket = {
    ...bucketWith({}),
    read: () => Promise.reject(Object.assign(new Error(), { name: 'NoSuchBucket' })),
  };
  await expect(configureBucket('Delete', wanted, bucket)).resolves.toBeUndefined();
  await expect(configureBucket('Create', wanted, bucket)).rejects.toThrow();
});

test('a request of another form is an error', () => {
  const { bucketName, ...others } = wanted;
  expect(readWanted({ BucketName: bucketName, Configuration: JSON.stringify(others) })).toEqual(wanted);
  expect(() => readWanted({ BucketName: 'www' })).toThrow('Expected `BucketName` and `Configuration`');
});
