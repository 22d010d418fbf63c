import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulators, localCredentials, startEmulators } from '../../local/aws/emulators/emulators.ts';
import { createSecrets } from '../../local/aws/emulators/secrets.ts';

let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators({
    region: 'eu-west-1',
    secrets: createSecrets('eu-west-1', (id) => (id === 'cdn-pro/api' ? 'first' : undefined)),
    onObjectWrite: () => {},
    onEvent: () => {},
  });
});
afterAll(() => emulators.stop());

test('a secret has the value that was put last', async () => {
  const endpoint = emulators.endpoints.secretsManager;
  const client = new SecretsManagerClient({ region: 'eu-west-1', credentials: localCredentials, endpoint });
  const read = () => client.send(new GetSecretValueCommand({ SecretId: 'cdn-pro/api' }));
  const before = await read();
  expect(before.SecretString).toBe('first');
  const { ARN: SecretId, VersionId } = await client.send(
    new PutSecretValueCommand({ SecretId: 'cdn-pro/api', SecretString: 'second' }),
  );
  expect(await read()).toMatchObject({ SecretString: 'second', VersionId, ARN: SecretId });
  expect(VersionId).not.toBe(before.VersionId);
  await client.send(new PutSecretValueCommand({ SecretId, SecretString: 'third' }));
  expect((await read()).SecretString).toBe('third');
  const other = client.send(new PutSecretValueCommand({ SecretId: 'other', SecretString: 'new' }));
  await expect(other).rejects.toBeInstanceOf(ResourceNotFoundException);
});

test('a bucket sends to EventBridge until a configuration without it is put', async () => {
  const endpoint = emulators.endpoints.s3;
  const client = new S3Client({ region: 'eu-west-1', credentials: localCredentials, endpoint });
  const put = (NotificationConfiguration: object) =>
    client.send(new PutBucketNotificationConfigurationCommand({ Bucket: 'site', NotificationConfiguration }));
  const found = async () => {
    const read = await client.send(new GetBucketNotificationConfigurationCommand({ Bucket: 'site' }));
    return [read.EventBridgeConfiguration !== undefined, emulators.sendsToEventBridge('site')];
  };
  await emulators.createBucket('site');
  expect(await found()).toEqual([true, true]);
  await put({});
  expect(await found()).toEqual([false, false]);
  expect(emulators.sendsToEventBridge('other')).toBe(true);
  await put({ EventBridgeConfiguration: {} });
  expect(await found()).toEqual([true, true]);
});
