import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { readDescription } from '../../../infra/operation/description.ts';
import { run } from '../../helpers/cli.ts';
import { descriptionWith } from '../../helpers/purger-description.ts';
import { scratchFolder } from '../../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

/** Nothing listens at the port of the discard service. */
const nowhere = 'http://127.0.0.1:9';
const endpoints = {
  sqs: nowhere,
  dynamodb: nowhere,
  secretsManager: nowhere,
  lambda: nowhere,
  eventBridge: nowhere,
};

function readyFile(purger: unknown) {
  const file = scratch.path('ready.json');
  writeFileSync(file, JSON.stringify({ operation: { region: 'us-east-1', endpoints, purger } }));
  return file;
}

describe('what a stack has written of its purger', () => {
  const whole = descriptionWith({
    mode: 'observe',
    webhookUrl: 'https://x/',
    vantages: ['dns'],
    logGroups: [],
  });

  test('is read, with fields that a newer version has added', () => {
    expect(readDescription({ ...whole, more: { than: 'known' } })).toMatchObject(whole);
  });

  /** Each field, and each field of a field, once with something else in it. */
  const paths = Object.entries(whole).flatMap(([name, value]) => [
    [name],
    ...(typeof value === 'object' && !Array.isArray(value)
      ? Object.keys(value).map((inner) => [name, inner])
      : []),
  ]);

  test.each(paths.filter(([name]) => name !== 'v'))(
    'names %s %s where something else is there',
    (...path) => {
      const [name = '', inner] = path;
      const field =
        inner === undefined ? null : { ...(whole[name as keyof typeof whole] as object), [inner]: null };
      const broken = { ...whole, [name]: field };
      const { problem } = readDescription(broken) as { problem: string };
      expect(problem).toMatch(new RegExp(`^version 1 wrote it, but .*${path.join('\\.')}: expected`));
    },
  );

  test('names the version of a newer one, and says what is none', () => {
    expect(readDescription({ ...whole, v: 3 })).toEqual({
      problem: 'a newer cdn-purger wrote it, in version 3, and this one reads version 1',
    });
    expect(readDescription('x')).toEqual({ problem: 'it is not of cdn-purger' });
  });

  test('is told to who uses it', async () => {
    const { exitCode, stderr } = await run(['status', '--ready', readyFile({ ...whole, hosts: 'all' })]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /`operation\.purger` of .* cannot be used: version 1 wrote it, but hosts: expected array/,
    );
  });
});

test('doctor says of a local stack that was stopped only that, and how to start it', async () => {
  const file = readyFile(descriptionWith());
  const { exitCode, stdout, stderr } = await run(['doctor', '--ready', file]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
  expect(stdout).toBe(
    `failed   local stack  nothing listens any more where ${file} says\n` +
      `                      fix: npm start -- --ready ${file}, in a clone; else npx cdn-purger dev with the same option`,
  );
});

describe('doctor --measure', () => {
  const measure = (...args: readonly string[]) =>
    run(['doctor', ...args, '--ready', readyFile(descriptionWith())]);

  test.each([
    [['--measure'], 'Expected --target staging, got nothing'],
    [
      ['--measure', '--target', 'production'],
      'Expected --target staging, got production: measuring spends the quota',
    ],
    [['--measure', '--target', 'staging', '--host', 'https://h/'], 'Expected --host to be a host such as'],
    [['--measure', '--target', 'staging', '--edge', '203.0.113.7'], 'Expected --url and --edge together'],
    [
      ['--measure', '--target', 'staging', '--edge', 'e', '--url', 'https://h.example/?a=1'],
      'without a query, got',
    ],
    [
      ['--measure', '--target', 'staging', '--fixture', '/no/such/folder/f.json'],
      'Expected --fixture to be a file',
    ],
    [['--measure', '--target', 'staging', '--fixture', '.'], 'got ".": it is a folder'],
    [['--fixture', 'f.json'], 'Expected --fixture with --measure, got it alone'],
  ])('refuses %j before it asks anything', async (args, message) => {
    const { exitCode, stderr } = await measure(...args);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  test('sends nothing where the purger observes', async () => {
    const file = readyFile(descriptionWith({ mode: 'observe' }));
    const measure = ['doctor', '--measure', '--target', 'staging', '--yes', '--ready', file];
    const { exitCode, stdout, stderr } = await run(measure);
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: 'Nothing was measured. It is observing: nothing is purged.',
      stderr: '',
    });
  });
});

test.each([
  [['status']],
  [['why', 'https://h.example/']],
  [['purge', 'https://h.example/', '--yes']],
  [['pause']],
  [['waiting']],
])('%j says of a local stack that was stopped how to start it', async (command) => {
  const file = readyFile(descriptionWith());
  const message = `The local stack was stopped: nothing listens any more where ${file} says`;
  const advice = `To do: npm start -- --ready ${file}, in a clone; else npx cdn-purger dev with the same option`;
  expect(await run([...command, '--ready', file])).toEqual({
    exitCode: 2,
    stdout: '',
    stderr: `${message}\n${advice}`,
  });
  const { stdout } = await run([...command, '--ready', file, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ error: { name: 'LocalStackStoppedError' } });
});
