import { afterEach, expect, test, vi } from 'vitest';
import { AwsCredentialsError, defaultProvider } from '../../functions/aws/environment-credentials.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const provide = defaultProvider();

test('credentials are those of the environment', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'token');
  expect(await provide()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' });
  vi.stubEnv('AWS_SESSION_TOKEN', '');
  expect(await provide()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
});

test('missing credentials are an error that says where they have to be', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
  await expect(provide()).rejects.toThrow(AwsCredentialsError);
  await expect(provide()).rejects.toThrow('AWS_SECRET_ACCESS_KEY in the environment');
});
