import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SendMessageBatchCommand } from '../../functions/aws/sdk/client-sqs.ts';
import {
  configuredEndpoint,
  EndpointError,
  environmentRegion,
  regionalEndpoint,
} from '../../functions/aws/sdk/endpoint.ts';
import { createPost, TimeoutError } from '../../functions/aws/sdk/post.ts';

const regions = [
  'us-east-1',
  'eu-central-1',
  'ap-southeast-7',
  'il-central-1',
  'mx-central-1',
  'us-gov-west-1',
  'cn-north-1',
  'eusc-de-east-1',
  'us-iso-east-1',
  'us-isob-east-1',
  'us-isof-south-1',
  'eu-isoe-west-1',
];

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('an endpoint', () => {
  it.each(regions)('in %s is where the SDK looks for it', (region) => {
    const params = { Region: region, UseFIPS: false, UseDualStack: false };
    const theirs = {
      sqs: new SQSClient({ region }).config.endpointProvider(params),
      dynamodb: new DynamoDBClient({ region }).config.endpointProvider(params),
      secretsmanager: new SecretsManagerClient({ region }).config.endpointProvider(params),
    };
    for (const [service, { url }] of Object.entries(theirs)) {
      expect(regionalEndpoint(service, region).href).toBe(url.href);
    }
  });

  it('is the environment’s, where it says one: a service’s own before that of all', () => {
    expect(configuredEndpoint('SQS')).toBeUndefined();
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ENDPOINT_URL_SQS', 'http://127.0.0.1:2');
    expect(configuredEndpoint('SQS')?.port).toBe('2');
    expect(configuredEndpoint('SECRETS_MANAGER')?.port).toBe('1');
  });

  it('of a queue is that of its URL, whatever the region', () => {
    const QueueUrl = 'https://sqs.us-west-2.amazonaws.com/123456789012/buffer';
    const { href } = new SendMessageBatchCommand({ QueueUrl, Entries: [] }).endpoint();
    expect(href).toBe('https://sqs.us-west-2.amazonaws.com/');
  });

  it.each(['AWS_USE_FIPS_ENDPOINT', 'AWS_USE_DUALSTACK_ENDPOINT'])('is refused under %s', (name) => {
    vi.stubEnv(name, 'true');
    expect(() => regionalEndpoint('sqs', 'us-east-1')).toThrow(`Expected no ${name}`);
  });

  it('needs a region', () => {
    expect(() => environmentRegion()).toThrow(EndpointError);
    vi.stubEnv('AWS_REGION', 'eu-west-1');
    expect(environmentRegion()).toBe('eu-west-1');
  });
});

it('a service that does not answer is given up, under the name by which it is tried again', async () => {
  const server = createServer(() => {});
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const post = createPost(50);
  await expect(post(new URL(`http://127.0.0.1:${port}`), {}, '{}')).rejects.toThrow(TimeoutError);
  server.closeAllConnections();
  server.close();
});
