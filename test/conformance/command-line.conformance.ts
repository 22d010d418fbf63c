import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import type { Surroundings } from '../../infra/cli/command.ts';
import type { PurgerDescription } from '../../infra/operation/description.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { run } from '../helpers/cli.ts';
import { motoAccountId } from './moto.ts';
import { createWorld, type World } from './world.ts';

const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www-example-com' }],
  webhooks: [{ source: 'ghost', secret: 'cdn-pro-purger/ghost' }],
  rules: [
    { match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } },
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
  ],
};
const webhookSecret = 'wr6Zk0n2vX8qT4sLb1Yd';
let world: World;
let purger: PurgerDescription;

/** Webhooks' receiver in the place of API Gateway, which moto does not serve: whether a delivery verifies by the secret. */
const receiver = createServer(async (request, response) => {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const delivery = {
    headers,
    body: await buffer(request),
    method: request.method ?? '',
    path: request.url ?? '',
  };
  const { verified } = webhookSources.ghost.verify(delivery, [webhookSecret], Date.now(), {});
  response.writeHead(verified ? 202 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ queued: verified ? [{ url: 'https://www.example.com/hello' }] : [] }));
});

beforeAll(async () => {
  world = await createWorld(config);
  vi.stubEnv('AWS_ENDPOINT_URL', world.stack.localUrl('https://sqs.us-east-1.amazonaws.com'));
  vi.stubEnv('AWS_REGION', world.assembly.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
  await new Promise<void>((settle) => receiver.listen(0, '127.0.0.1', settle));
  await nameWhatListens(new SSMClient());
});
afterAll(async () => {
  vi.unstubAllEnvs();
  receiver.close();
  await world?.stop();
});

const cli = (...args: readonly string[]) => cliWith({}, ...args);
const cliWith = (given: Partial<Surroundings>, ...args: readonly string[]) =>
  run([...args, '--stack', world.assembly.stackName], given);

/** Moto's CloudFormation gives queues AWS's own address, where the SDK would look for them; CDN Pro and the API are others. */
async function nameWhatListens(ssm: SSMClient): Promise<void> {
  const Path = `/cdn-pro-purger/${world.assembly.stackName}`;
  const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path, Recursive: true }));
  for (const { Name, Value = '' } of Parameters) {
    const named = Value.replaceAll(/https:\/\/sqs\.[^"]+/g, world.stack.localUrl);
    const webhookUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/webhooks/`;
    purger = { ...JSON.parse(named), endpoint: world.cdnPro.url, webhookUrl };
    await ssm.send(new PutParameterCommand({ Name, Value: JSON.stringify(purger), Overwrite: true }));
  }
  ssm.destroy();
}

// The world has stopped the mappings of the stack, so that it is paused at first.
test.each<readonly [string, number, object]>([
  ['quota', 0, { target: 'production', files: { quota: 5000, left: 5000 } }],
  ['waiting', 0, { queue: { visible: 0 }, lanes: [], urls: [] }],
  ['dead', 0, { count: 0, isComplete: true }],
  ['report', 1, { requests: 0, urls: 0 }],
  ['resume', 0, { paused: false, submit: 'Enabled', tick: 'ENABLED' }],
  ['status', 0, { paused: false, fresh: true, deadLetters: 0 }],
  ['pause', 0, { paused: true, submit: 'Disabled', tick: 'DISABLED' }],
  ['status', 0, { paused: true, pause: { by: `arn:aws:sts::${motoAccountId}:user/moto` } }],
])('%s finds the stack, ends with %i, and says what is so', async (command, exitCode, expected) => {
  const ran = await cli(command, '--json');
  expect(JSON.parse(ran.stdout)).toMatchObject(expected);
  expect(ran.stdout).not.toContain('"pk"');
  expect(ran.exitCode).toBe(exitCode);
});

test('purge queues a URL, status counts it, and why knows that it may wait', async () => {
  const url = 'https://www.example.com/a.html';
  expect(JSON.parse((await cli('purge', url, '--json')).stdout)).toMatchObject({ queued: 1 });
  expect(JSON.parse((await cli('status', '--json')).stdout)).toMatchObject({ fresh: false, waiting: 1 });
  const why = await cli('why', url, '--json');
  expect(JSON.parse(why.stdout)).toMatchObject({ state: 'unknown', queued: 1 });
  expect(why.exitCode).toBe(1);
});

test('wait says that it is paused, and ends when time runs out', async () => {
  const said: string[] = [];
  const progress = (line: string) => void said.push(line);
  const waited = await cliWith(
    { progress },
    'wait',
    'https://www.example.com/a.html',
    '--timeout',
    '1s',
    '--json',
  );
  expect(JSON.parse(waited.stdout)).toMatchObject({ outcome: 'waiting', timedOut: true, paused: true });
  expect(waited.exitCode).toBe(3);
  expect(said[0]).toContain(`it is paused since `);
});

test('redrive moves what was rejected into the purge queue, and tail has seen it refused', async () => {
  const entry = {
    kind: 'file',
    url: 'https://www.example.com/b.html',
    target: 'production',
    action: 'invalidate',
  };
  const rejected = { reason: 'not deployed', rejectedAt: new Date().toISOString() };
  const events: { readonly event: string; readonly reason?: string }[] = [];
  class Enough extends Error {}
  const print = (line: string) => {
    events.push(JSON.parse(line));
    if (events.at(-1)?.event === 'refused') throw new Enough();
  };
  const MessageBody = JSON.stringify({ v: 1, entries: [entry], rejected });
  let isSent = false;
  // Before it has looked once, what there is counts as known.
  const sleep = async () => {
    if (!isSent)
      await world.sqs.send(new SendMessageCommand({ QueueUrl: purger.queues.deadLetters, MessageBody }));
    isSent = true;
  };
  const tail = cliWith({ print, sleep }, 'tail', '--json').catch((error: unknown) => error);
  expect(await tail).toBeInstanceOf(Enough);
  expect(events.at(-1)).toMatchObject({ event: 'refused', reason: 'not deployed' });
  const redriven = await cli('redrive', '--json');
  expect(JSON.parse(redriven.stdout)).toEqual({ moved: 1, kept: 0, unreadable: 0, failed: [] });
  expect(JSON.parse((await cli('status', '--json')).stdout)).toMatchObject({ deadLetters: 0, waiting: 2 });
});

test('send signs with the secret that is in Secrets Manager, and not with that of the local stack', async () => {
  const refused = await cli('send', 'ghost', 'publish', '--json');
  expect(JSON.parse(refused.stdout)).toMatchObject({
    error: {
      name: 'SecretError',
      message: expect.stringContaining('it is a test secret of the local stack'),
    },
  });
  await world.secretsManager.send(
    new PutSecretValueCommand({ SecretId: 'cdn-pro-purger/ghost', SecretString: webhookSecret }),
  );
  const sent = await cli('send', 'ghost', 'publish', '--json');
  expect(JSON.parse(sent.stdout)).toMatchObject({ status: 202 });
  expect(sent.exitCode).toBe(0);
});

test('doctor looks at secrets, CDN Pro, the bucket, the pause and the alarms of the stack', async () => {
  const looked = await cli('doctor', '--json');
  const { checks } = JSON.parse(looked.stdout) as {
    readonly checks: readonly { readonly name: string; readonly result: string; readonly found: string }[];
  };
  const results = Object.fromEntries(checks.map(({ name, result }) => [name, result]));
  expect(results).toEqual({
    credentials: 'ok',
    hosts: 'ok',
    quota: 'ok',
    'webhook ghost': 'ok',
    'webhook URL': 'ok',
    // Moto runs no custom resources, of which one configures the bucket.
    'bucket www-example-com': 'failed',
    pause: 'warning',
    alarms: 'warning',
  });
  expect(looked.exitCode).toBe(1);
});

test('explain says that the code of a function cannot be read, which moto does not hand out', async () => {
  const explained = await cli('explain', 's3://www-example-com/a.html', '--json');
  expect(JSON.parse(explained.stdout)).toMatchObject({
    error: {
      name: 'DeployedRulesError',
      message: expect.stringContaining('where Lambda says, got no answer'),
    },
  });
  expect(explained.exitCode).toBe(2);
});
