import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import type { ConfigurePorts } from '../../functions/configure-bucket/configure-bucket.ts';
import { configureForCloudFormation } from '../../functions/configure-bucket/configure-for-cloudformation.ts';
import type { Log } from '../../functions/lambda/log.ts';

const lines: string[] = [];
const log = {
  info: () => {},
  warn: () => {},
  error: (message: string) => lines.push(message),
} as unknown as Log;

function eventOf(RequestType: 'Create' | 'Update' | 'Delete', PhysicalResourceId?: string) {
  const ResourceProperties = {
    BucketName: 'www',
    Configuration: JSON.stringify({ eventBridge: true, idPrefix: 'Mine-', queues: [] }),
  };
  return {
    ...{ RequestType, RequestId: 'one', ResourceProperties },
    ...(PhysicalResourceId === undefined ? {} : { PhysicalResourceId }),
  } as unknown as CloudFormationCustomResourceEvent;
}

/** S3 that answers each reading with this error. */
function failing(name: string, headers: Record<string, string> = {}): ConfigurePorts {
  const error = Object.assign(new Error(`S3 says ${name}`), { name, $response: { headers } });
  return { read: () => Promise.reject(error), write: async () => {}, sleep: async () => {}, random: () => 0 };
}
const working: ConfigurePorts = { ...failing(''), read: async () => ({ EventBridgeConfiguration: {} }) };

describe('after a creation that failed', () => {
  test.each(['PermanentRedirect', 'AccessDenied', 'AllAccessDisabled', 'SlowDown'])(
    'by %s, the deletion that CloudFormation asks for succeeds: the stack can go back',
    async (name) => {
      const created = await configureForCloudFormation(eventOf('Create'), failing(name), log);
      expect(created.failure).toContain(name === 'PermanentRedirect' ? 'BucketRegionError' : name);
      expect(created.physicalId).toBe('failed:one');
      const deletion = eventOf('Delete', created.physicalId);
      const deleted = await configureForCloudFormation(deletion, failing(name), log);
      expect(deleted).toEqual({ physicalId: created.physicalId, failure: undefined });
    },
  );

  test('what it may have written is still taken away', async () => {
    const present = { QueueConfigurations: [{ Id: 'Mine-1', QueueArn: 'q', Events: [] }] };
    const written: unknown[] = [];
    const ports: ConfigurePorts = {
      ...working,
      read: async () => (written.length > 0 ? {} : present),
      write: async (_, next) => {
        written.push(next);
      },
    };
    await configureForCloudFormation(eventOf('Delete', 'failed:one'), ports, log);
    expect(written).toEqual([{ QueueConfigurations: [] }]);
  });
});

describe('the deletion of a configured bucket', () => {
  test.each(['AccessDenied', 'AllAccessDisabled', 'PermanentRedirect', 'NoSuchBucket'])(
    'is not held up where S3 answers %s',
    async (name) => {
      const deleted = await configureForCloudFormation(eventOf('Delete', 'www'), failing(name), log);
      expect(deleted).toEqual({ physicalId: 'www', failure: undefined });
    },
  );

  test('says in the log that something may be left', async () => {
    lines.length = 0;
    await configureForCloudFormation(eventOf('Delete', 'www'), failing('AccessDenied'), log);
    expect(lines).toEqual(['bucket not configured']);
  });

  test('fails where S3 is only slow: CloudFormation asks again', async () => {
    const deleted = await configureForCloudFormation(eventOf('Delete', 'www'), failing('SlowDown'), log);
    expect(deleted.failure).toBe('SlowDown: S3 says SlowDown');
  });
});

test('a bucket of another region is named as that, with the region where S3 says it', async () => {
  const headers = { 'x-amz-bucket-region': 'us-east-1' };
  for (const name of ['PermanentRedirect', 'AuthorizationHeaderMalformed']) {
    const { failure } = await configureForCloudFormation(eventOf('Create'), failing(name, headers), log);
    expect(failure).toBe(
      'BucketRegionError: Expected the bucket www in the region of the stack, got one in us-east-1: docs/sources-s3.md has how to watch it from there',
    );
  }
});

test('another bucket is another resource, but not where the update fails', async () => {
  const updated = await configureForCloudFormation(eventOf('Update', 'former'), working, log);
  expect(updated).toEqual({ physicalId: 'www', failure: undefined });
  const failed = await configureForCloudFormation(eventOf('Update', 'former'), failing('AccessDenied'), log);
  expect(failed.physicalId).toBe('former');
});
