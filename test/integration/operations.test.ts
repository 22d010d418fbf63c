import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createParkedTable } from '../../functions/aws/parked-table.ts';
import type { Status } from '../../infra/cli/queries/status.ts';
import type { WaitingReport } from '../../infra/cli/queries/waiting.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../../local/aws/emulators/emulators.ts';
import { cliOf } from '../helpers/cli.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, sqsOf, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'my-bucket' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
  paused: true,
};

let isDeployed = true;
let cdnPro: OtherCdnPro;
let stack: StartedStack;
let cli: ReturnType<typeof cliOf>;

beforeAll(async () => {
  cdnPro = await startOtherCdnPro(() => (isDeployed ? 201 : 400));
  stack = await startStack(config, '--cdn-pro', cdnPro.url);
  cli = cliOf(stack.ready);
});

afterAll(async () => {
  await stack?.stop();
  cdnPro.stop();
});

const put = (key: string) =>
  fetch(`${stack.ready.s3.endpoint}/my-bucket/${key}`, { method: 'PUT', body: 'x' });
const isAccepted = (key: string) => cdnPro.accepted.has(`https://h.example/${key}`);

async function asked<Answer>(...args: readonly string[]): Promise<Answer> {
  const { stdout, stderr } = await cli([...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Answer;
}

const status = () => asked<Status>('status');

test('while submission is paused changes wait, and when it is resumed all of them are purged', async () => {
  expect(await status()).toMatchObject({ fresh: true, paused: true, waiting: 0, open: 0, deadLetters: 0 });
  const keys = Array.from({ length: 20 }, (_, index) => `page-${index}`);
  await Promise.all(keys.map(put));
  expect(await eventually(async () => (await status()).waiting === keys.length)).toBe(true);
  const waiting = await cli(['waiting']);
  expect(waiting).toMatchObject({ exitCode: 1, stderr: '' });
  expect(waiting.stdout).toContain('20 messages in the purge queue: 20 ready');
  expect(cdnPro.accepted).toEqual(new Set());
  expect(await cli(['resume'])).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await eventually(() => keys.every(isAccepted))).toBe(true);
  expect(await eventually(async () => (await status()).fresh)).toBe(true);
  expect(await status()).toMatchObject({ paused: false, waiting: 0 });
});

test('a pause by hand holds what comes next, and what is parked can be listed and taken out', async () => {
  expect(await asked('pause')).toMatchObject({ paused: true, submit: 'Disabled', tick: 'DISABLED' });
  await put('held');
  const { endpoint, parkedTable: tableName } = stack.ready.dynamodb;
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials: localCredentials });
  const parked = createParkedTable({ client, tableName, nowMs: Date.now, random: Math.random });
  const scope = { target: 'production', action: 'invalidate' } as const;
  const urls = ['a', 'b'].map((key) => `https://h.example/${key}`);
  await parked.park(
    urls.map((url) => ({
      entry: { kind: 'file', url, ...scope },
      lane: 'bulk',
      sinceMs: Date.now() - 60_000,
    })),
  );
  client.destroy();
  expect(await eventually(async () => (await status()).queued === 1)).toBe(true);
  const report = await asked<WaitingReport>('waiting');
  expect(report.lanes).toMatchObject([{ lane: 'bulk', target: 'production', kind: 'files', count: 2 }]);
  expect(report.urls.map(({ url }) => url)).toEqual(urls);
  const [first = '', second = ''] = urls;
  expect(await asked('waiting', '--cancel', first)).toEqual({ cancelled: [first], missing: [] });
  expect(await cli(['waiting', '--cancel', first])).toMatchObject({ exitCode: 1 });
  expect((await asked<WaitingReport>('waiting')).urls.map(({ url }) => url)).toEqual([second]);
  // A source that ran would have submitted by now.
  await new Promise((settle) => setTimeout(settle, 2000));
  expect(isAccepted('held')).toBe(false);
  await cli(['resume']);
  expect(await eventually(() => isAccepted('held') && isAccepted('b'))).toBe(true);
  expect(isAccepted('a')).toBe(false);
});

test('what CDN Pro rejected is listed by reason, and purged by a redrive once the cause is fixed', async () => {
  isDeployed = false;
  await put('rejected');
  expect(await eventually(async () => (await status()).deadLetters === 1)).toBe(true);
  const dead = await cli(['dead']);
  expect(dead.exitCode).toBe(1);
  expect(dead.stdout).toContain('1 × rejected');
  expect(dead.stdout).toContain('The answer is 400.\n  https://h.example/rejected');
  expect((await cli(['dead', '--show'])).stdout).toContain('HTTP 400');
  isDeployed = true;
  const others = ['--host', 'other.example'];
  expect(await asked('dead', ...others)).toMatchObject({ count: 0, groups: [] });
  expect(await asked('redrive', ...others)).toEqual({ moved: 0, kept: 1, failed: [] });
  expect(await asked('redrive', '--reason', 'THE ANSWER')).toEqual({ moved: 1, kept: 0, failed: [] });
  expect(await eventually(() => isAccepted('rejected'))).toBe(true);
  expect(await cli(['dead'])).toMatchObject({ exitCode: 0, stdout: 'No dead letter.' });
});

test('the message of the runbook purges a directory by hand', async () => {
  const message = /'(\{"v":1.*\})'/.exec(readFileSync('docs/operations.md', 'utf8'))?.[1];
  const sqs = sqsOf(stack.ready);
  await sqs.send(new SendMessageCommand({ QueueUrl: stack.ready.sqs.bufferQueueUrl, MessageBody: message }));
  expect(await eventually(() => cdnPro.accepted.has('https://www.example.com/blog/*'))).toBe(true);
  sqs.destroy();
});
