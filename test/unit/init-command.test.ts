import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../infra/cli/run-command.ts';
import { webhookSourceNames } from '../../infra/settings/sources/webhook-settings.ts';
import { loadConfig } from '../../infra/stack/load-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'init-'));
const init = (file: string, ...options: readonly string[]) =>
  runCommand(['init', '--file', join(folder, file), ...options]);

test('a configuration is written that loads, and names its schema for editors where the package is installed', async () => {
  const schema = join(folder, 'node_modules/cdn-pro-purger/dist/config.schema.json');
  mkdirSync(dirname(schema), { recursive: true });
  writeFileSync(schema, '{}');
  const options = ['--host', 'www.example.com', '--bucket', 'www-site', '--prefix', 'site/'];
  const { exitCode, stdout } = await init(
    'site.json',
    ...options,
    '--webhook',
    'contentful',
    '--webhook',
    'ghost',
  );
  expect(exitCode).toBe(0);
  expect(stdout).toContain('s3://www-site/site/index.html');
  const config = await loadConfig(join(folder, 'site.json'));
  expect(config.rules.map(({ match }) => match.source)).toEqual(['s3', 'contentful', 'ghost']);
  expect(config.target).toBe('staging');
  expect(stdout).toContain('environment staging: for production, set "target" in it to "production"');
  expect(JSON.parse(readFileSync(join(folder, 'site.json'), 'utf8')).$schema).toMatch(
    /config\.schema\.json$/,
  );
});

test('in a clone, which has no package, no schema is named', async () => {
  const clone = mkdtempSync(join(folder, 'clone-'));
  await init(join(basename(clone), 'site.json'), '--host', 'www.example.com', '--bucket', 'www-site');
  expect(JSON.parse(readFileSync(join(clone, 'site.json'), 'utf8'))).not.toHaveProperty('$schema');
});

test.each(['site', '/site', 'site/'])(
  'keys below the prefix %s become URLs with one slash',
  async (prefix) => {
    const file = `prefix-${encodeURIComponent(prefix)}.json`;
    await init(file, '--host', 'www.example.com', '--bucket', 'www-site', '--prefix', prefix);
    const { buckets, rules } = await loadConfig(join(folder, file));
    expect(buckets).toEqual([{ name: 'www-site', prefix: 'site/' }]);
    expect(rules[0]?.match).toEqual({ source: 's3', key: 'site/{+path}' });
  },
);

test.each(webhookSourceNames)('a webhook of %s is written so that it loads', async (source) => {
  const key = source === 'contentstack' ? ['--api-key', 'blt1'] : [];
  const { exitCode } = await init(
    `of-${source}.json`,
    '--host',
    'www.example.com',
    '--webhook',
    source,
    ...key,
  );
  expect(exitCode).toBe(0);
  const { webhooks } = await loadConfig(join(folder, `of-${source}.json`));
  expect(webhooks).toMatchObject([{ source, ...(source === 'contentstack' && { stack: 'blt1' }) }]);
});

test('a file that exists stays as it is', async () => {
  writeFileSync(join(folder, 'mine.json'), 'mine');
  const { exitCode, stderr } = await init('mine.json', '--host', 'www.example.com', '--bucket', 'www-site');
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('exists and stays as it is')]);
  expect(readFileSync(join(folder, 'mine.json'), 'utf8')).toBe('mine');
});

test.each([
  [['--bucket', 'www-site'], 'Expected --host with the host of the pages, got nothing'],
  [['--host', 'www.example.com'], 'Expected --bucket or --webhook, from which changes come, got neither'],
  [['--host', 'www.example.com', '--webhook', 'contentfull'], 'did you mean `contentful`'],
  [
    ['--host', 'www.example.com', '--bucket', 'b', '--target', 'prod'],
    '`target`: expected "production" or "staging"',
  ],
  [
    ['--host', 'www.example.com', '--webhook', 'contentstack'],
    'Expected --api-key with --webhook contentstack: the API key of your stack',
  ],
  [
    ['--host', 'www.example.com', '--webhook', 'ghost', '--api-key', 'blt1'],
    'Expected --api-key with --webhook contentstack, which alone has one',
  ],
  [['--host', 'https://www.example.com', '--bucket', 'www-site'], 'Expected --host to be a host'],
  [
    ['--host', 'www.example.com', '--bucket', 'www-site', '--file', join(folder, 'no/such.json')],
    'Expected --file to be a file that can be written: ENOENT',
  ],
  [
    ['--host', 'www.example.com', '--bucket', 'www-site', '--file', join(folder, 'cdn-purger.config.ts')],
    'Expected --file to end with .json',
  ],
])('%j is refused', async (options, message) => {
  const { exitCode, stderr } = await init('never.json', ...options);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});
