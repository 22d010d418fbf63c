import type { NotificationConfiguration } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import {
  type ConfigurePorts,
  configureBucket,
  OverwrittenConfigurationError,
  type WantedConfiguration,
} from '../../functions/configure-bucket/configure-bucket.ts';

const wantedBy = (name: string): WantedConfiguration => ({
  bucketName: 'www',
  eventBridge: false,
  idPrefix: `${name}-`,
  queues: [{ queueArn: `arn:${name}`, events: ['s3:ObjectCreated:*'], prefix: `${name}/` }],
});
const idsOf = ({ QueueConfigurations = [] }: NotificationConfiguration) =>
  QueueConfigurations.map(({ Id }) => Id).sort();
const theirs = { Id: 'theirs', QueueArn: 'arn:theirs', Events: ['s3:ObjectCreated:*' as const] };

function bucketWith(initial: NotificationConfiguration) {
  const bucket = { configuration: initial };
  const ports: ConfigurePorts = {
    read: async () => structuredClone(bucket.configuration),
    write: async (_, configuration) => {
      bucket.configuration = configuration;
    },
    sleep: async () => undefined,
    random: () => 0,
  };
  return { bucket, ports };
}

/** Lets all writers read once before any of them writes. */
function together(ports: ConfigurePorts, writers: number): ConfigurePorts {
  const all = Promise.withResolvers<void>();
  let reads = 0;
  return {
    ...ports,
    async read(bucketName) {
      const configuration = await ports.read(bucketName);
      reads++;
      if (reads === writers) all.resolve();
      await all.promise;
      return configuration;
    },
  };
}

test.each(['Create', 'Update'] as const)(
  '%s: two that read before either writes both end up in it',
  async (type) => {
    const { bucket, ports } = bucketWith({ QueueConfigurations: [theirs] });
    const shared = together(ports, 2);
    await Promise.all(['P1', 'P2'].map((name) => configureBucket(type, wantedBy(name), shared)));
    expect(idsOf(bucket.configuration)).toEqual(['P1-1', 'P2-1', 'theirs']);
  },
);

test('what another one put in from an old reading goes in the end', async () => {
  const { bucket, ports } = bucketWith({});
  await configureBucket('Create', wantedBy('P1'), ports);
  await configureBucket('Create', wantedBy('P2'), ports);
  const shared = together(ports, 2);
  const last = { ...wantedBy('P2'), queues: [] };
  await Promise.all([
    configureBucket('Delete', wantedBy('P1'), shared),
    configureBucket('Update', last, shared),
  ]);
  expect(idsOf(bucket.configuration)).toEqual([]);
});

test('the moment before reading back differs between writers', async () => {
  const sleptMs: number[] = [];
  for (const random of [0, 0.9]) {
    const { ports } = bucketWith({});
    const sleep = async (ms: number) => sleptMs.push(ms);
    await configureBucket('Create', wantedBy('P1'), { ...ports, sleep, random: () => random });
  }
  expect(sleptMs).toHaveLength(2);
  expect(new Set(sleptMs).size).toBe(2);
});

test('a bucket that someone else always writes over is a failure, not a success', async () => {
  const { bucket, ports } = bucketWith({});
  const overwriting: ConfigurePorts = {
    ...ports,
    sleep: async () => {
      bucket.configuration = { QueueConfigurations: [theirs] };
    },
  };
  await expect(configureBucket('Create', wantedBy('P1'), overwriting)).rejects.toThrow(
    OverwrittenConfigurationError,
  );
  expect(idsOf(bucket.configuration)).toEqual(['theirs']);
});
