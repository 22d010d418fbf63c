import { GetParametersByPathCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { run } from '../helpers/cli.ts';
import { motoAccountId } from './moto.ts';
import { createWorld, type World } from './world.ts';

const config: PurgerConfig = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: 'www-example-com' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } }],
};
let world: World;

beforeAll(async () => {
  world = await createWorld(config);
  vi.stubEnv('AWS_ENDPOINT_URL', world.stack.localUrl('https://sqs.us-east-1.amazonaws.com'));
  vi.stubEnv('AWS_REGION', world.assembly.region);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'a');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'b');
  await nameQueuesInMoto(new SSMClient());
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await world?.stop();
});

const cli = (...args: readonly string[]) => run([...args, '--stack', world.assembly.stackName]);

/** Moto's CloudFormation gives queues AWS's own address, where the SDK would look for them. */
async function nameQueuesInMoto(ssm: SSMClient): Promise<void> {
  const Path = `/cdn-pro-purger/${world.assembly.stackName}`;
  const { Parameters = [] } = await ssm.send(new GetParametersByPathCommand({ Path, Recursive: true }));
  for (const { Name, Value = '' } of Parameters) {
    const named = Value.replaceAll(/https:\/\/sqs\.[^"]+/g, world.stack.localUrl);
    await ssm.send(new PutParameterCommand({ Name, Value: named, Overwrite: true }));
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
