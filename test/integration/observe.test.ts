import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ObservedReport } from '../../infra/cli/queries/observed.ts';
import type { Status } from '../../infra/cli/queries/status.ts';
import type { WhyReport } from '../../infra/cli/queries/why/why.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { cliOf } from '../helpers/cli.ts';
import { type OtherCdnPro, startOtherCdnPro } from '../helpers/other-cdn-pro.ts';
import { eventually, type StartedStack, scratchFolder, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  mode: 'observe',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'my-bucket' }],
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
};

const posts: string[] = [];
const scratch = scratchFolder();
let cdnPro: OtherCdnPro;
let stack: StartedStack;
let cli: ReturnType<typeof cliOf>;

beforeAll(async () => {
  cdnPro = await startOtherCdnPro((body) => {
    posts.push(body);
    return 201;
  });
  stack = await startStack(config, '--cdn-pro', cdnPro.url);
  cli = cliOf(stack.ready);
});

afterAll(async () => {
  await stack?.stop();
  cdnPro?.stop();
  scratch.remove();
});

async function asked<Answer>(...args: readonly string[]): Promise<Answer> {
  const { stdout, stderr } = await cli([...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Answer;
}

test('a purger that observes says what it would have purged, and CDN Pro is sent nothing', async () => {
  const keys = ['a', 'b', 'c'];
  for (const key of keys) {
    await fetch(`${stack.ready.s3.endpoint}/my-bucket/${key}`, { method: 'PUT', body: 'x' });
  }
  const urls = async () => (await asked<ObservedReport>('report')).urls;
  expect(await eventually(async () => (await urls()) === keys.length)).toBe(true);

  const list = scratch.path('list.txt');
  writeFileSync(
    list,
    '# of the old script\nhttps://h.example/a\nhttps://h.example/forgotten\nhttps://old.example/\n',
  );
  const configFile = scratch.path('config.json');
  writeFileSync(configFile, JSON.stringify(config));
  const report = await asked<ObservedReport>('report', '--list', list, '--config', configFile);
  expect(report).toMatchObject({
    tokens: { files: 3, dirs: 0 },
    requests: expect.any(Number),
    secondPurges: { files: 3, dirs: 0 },
    list: {
      urls: 3,
      uncovered: ['https://h.example/forgotten', 'https://old.example/'],
      noRule: ['https://old.example/'],
    },
  });
  expect(await cli(['report', '--list', list])).toMatchObject({ exitCode: 1, stderr: '' });
  expect(await cli(['report'])).toMatchObject({ exitCode: 0, stderr: '' });

  expect(await asked<WhyReport>('why', 'https://h.example/a')).toMatchObject({
    state: 'observed',
    notes: ['observing: nothing is purged'],
  });
  // What was observed is in the report before its messages are deleted.
  expect(await eventually(async () => (await asked<Status>('status')).waiting === 0)).toBe(true);
  expect(await asked<Status>('status')).toMatchObject({ fresh: false, observing: true, open: 0, waiting: 0 });
  expect((await cli(['status'])).stdout).toMatch(/^Not purging\.\n {2}observing: nothing is purged\n/);
  const byHand = await cli(['purge', 'https://h.example/a', '--delete', '--yes']);
  expect(byHand).toMatchObject({
    exitCode: 1,
    stdout: 'Nothing was purged. It is observing: nothing is purged.',
  });
  expect(await cli(['redrive'])).toMatchObject({
    exitCode: 1,
    stdout: 'Nothing was moved. It is observing: nothing is purged.',
  });
  const words = (await cli(['why', 'https://h.example/a'])).stdout;
  expect(words).toContain('observed: it would have been purged, and nothing was sent to CDN Pro');
  expect(words).not.toMatch(/accepted|finished|completed|fresh/);
  expect(posts).toEqual([]);
});

test.each([
  [['--url', 'https://h.example/a', '--since', '7d'], 'Expected --url alone, got --since, too'],
  [['--list', 'no-such-file'], 'Expected --list to be a file of URLs, but no-such-file does not exist'],
  [['--since', 'monday'], 'Expected --since to be a time'],
])('report %j is refused with what was expected', async (args, message) => {
  const { exitCode, stderr } = await cli(['report', ...args]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});

test('a list with something that is no URL is refused, and the line is named', async () => {
  const list = scratch.path('wrong.txt');
  writeFileSync(list, 'https://h.example/a\n/b\n');
  const { exitCode, stderr } = await cli(['report', '--list', list]);
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('--list: expected a URL that begins with http:// or https://, got "/b"'),
  ]);
});
