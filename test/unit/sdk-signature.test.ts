import { SQSClient as RealSqsClient, SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type AwsCredentials,
  AwsCredentialsError,
  environmentCredentials,
} from '../../functions/aws/environment-credentials.ts';
import { sign } from '../../functions/aws/sdk/sign.ts';
import { type ReceivedRequest, startScriptedService } from '../helpers/scripted-service.ts';

const texts = ['a', '', 'ü 🎉\n"\\', 'x'.repeat(10_000)];
const identities: readonly AwsCredentials[] = [
  { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  { accessKeyId: 'ASIDEXAMPLE', secretAccessKey: 'other', sessionToken: 'a/long+token==' },
];

/** What the SDK signed. */
async function signedBySdk(
  credentials: AwsCredentials,
  text: string,
  region: string,
): Promise<ReceivedRequest> {
  const service = await startScriptedService([{ body: {} }]);
  const client = new RealSqsClient({ endpoint: service.url, region, credentials });
  const Entries = [{ Id: '0', MessageBody: text }];
  await client.send(new SendMessageBatchCommand({ QueueUrl: `${service.url}/1/q`, Entries }));
  const [request] = service.requests;
  await service.stop();
  if (request === undefined) throw new Error('nothing was sent');
  return request;
}

/** The same request, signed by us: its headers that the SDK's signature covers, at the SDK's time. */
function signedByUs({ headers, body, path }: ReceivedRequest, credentials: AwsCredentials, region: string) {
  const covered = /SignedHeaders=([^,]+)/.exec(String(headers.authorization))?.[1]?.split(';') ?? [];
  const time = String(headers['x-amz-date']).replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const url = new URL(path ?? '/', `http://${headers.host}`);
  const chosen = Object.fromEntries(covered.map((name) => [name, String(headers[name])]));
  const scope = { credentials, region, service: 'sqs', nowMs: Date.parse(time) };
  return sign({ url, headers: chosen, body }, scope);
}

describe('a signature', () => {
  it.each(identities.flatMap((identity) => texts.map((text) => [identity, text] as const)))(
    'is the one that the SDK makes: %o %j',
    async (identity, text) => {
      for (const region of ['us-east-1', 'eu-central-1']) {
        const theirs = await signedBySdk(identity, text, region);
        const { authorization } = signedByUs(theirs, identity, region);
        expect(theirs.headers.authorization).toContain('Signature=');
        expect(authorization).toBe(theirs.headers.authorization);
      }
    },
  );

  it('covers the body, the time and every header', () => {
    const [credentials = { accessKeyId: '', secretAccessKey: '' }] = identities;
    const scope = { credentials, region: 'us-east-1', service: 'sqs', nowMs: Date.UTC(2026, 0, 1) };
    const request = { url: new URL('https://sqs.us-east-1.amazonaws.com/'), headers: { a: 'b' }, body: '{}' };
    const signatures = [
      sign(request, scope),
      sign({ ...request, body: '{ }' }, scope),
      sign({ ...request, headers: { a: 'c' } }, scope),
      sign(request, { ...scope, nowMs: scope.nowMs + 1000 }),
      sign(request, { ...scope, service: 'dynamodb' }),
    ].map(({ authorization }) => authorization);
    expect(new Set(signatures).size).toBe(signatures.length);
  });
});

describe('credentials', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('are those of the environment', () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    vi.stubEnv('AWS_SESSION_TOKEN', 'token');
    expect(environmentCredentials()).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: 'token',
    });
    vi.stubEnv('AWS_SESSION_TOKEN', '');
    expect(environmentCredentials()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
  });

  it('that are not there are an error that says where they have to be', () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    expect(() => environmentCredentials()).toThrow(AwsCredentialsError);
    expect(() => environmentCredentials()).toThrow('AWS_SECRET_ACCESS_KEY in the environment');
  });
});
