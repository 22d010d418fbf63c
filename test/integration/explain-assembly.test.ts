import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { App, Stack, Stage } from 'aws-cdk-lib';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { readAssembly } from '../../infra/cli/explain/purger/read-assembly.ts';
import { Webhook } from '../../infra/webhook.ts';
import { run } from '../helpers/cli.ts';
import { scratchFolder as assemblyFolder } from '../helpers/purger-stack.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

const files: Rule = {
  name: 'files',
  match: { source: 's3', key: 'site/{+path}' },
  purge: { fileUrls: ['https://a.example/{+path}'] },
};
const posts: Rule = { match: { source: 'contentful' }, purge: { fileUrls: ['https://b.example/{slug}'] } };

/** An app with a stage, in which one stack has two purgers. */
function synthesize(): string {
  const app = new App({ outdir: assemblyFolder(), builtinCloudFormationValidation: false });
  const stack = new Stack(new Stage(app, 'Live'), 'Site', { stackName: 'site' });
  const credentials = Secret.fromSecretNameV2(stack, 'Secret', 'cdn-pro/api');
  const base = { credentials, target: 'production' } as const;
  const first = new CdnPurger(stack, 'First', {
    ...base,
    rules: [files],
    cacheKey: { scheme: true },
    tokenUnit: 'request',
  });
  const watch = (id: string, name: string, keys: object) =>
    first.watchBucket(Bucket.fromBucketName(stack, id, name), keys);
  watch('Both', 'both', { prefix: 'site/', suffix: '.html' });
  watch('Prefix', 'one', { prefix: 'site/' });
  watch('Suffix', 'two', { suffix: '.css' });
  const second = new CdnPurger(stack, 'Second', {
    ...base,
    rules: [posts, files],
    allowedHosts: ['b.example'],
  });
  const options = { secret: credentials, environments: ['master'] };
  second.receiveWebhook(Webhook.contentful({ name: 'shop', ...options }));
  second.watchTopic(new Topic(stack, 'Topic'));
  const other = new CdnPurger(new Stack(app, 'Other', { stackName: 'other' }), 'Purger', {
    ...base,
    credentials: Secret.fromSecretNameV2(stack, 'Secret2', 'x'),
    rules: [files],
  });
  other.watchBucket(new Bucket(Stack.of(other), 'Bucket') as IBucket);
  return app.synth().directory;
}

describe('a cloud assembly', () => {
  let assembly: string;
  beforeAll(() => {
    assembly = synthesize();
  });

  test('has what each of its purgers does: its rules, limits, webhooks and what it watches', () => {
    const first = readAssembly(assembly, 'site/First');
    expect(first.mapping).toEqual({ target: 'production', rules: [files] });
    expect(first.planning.cacheKey).toEqual({ scheme: true });
    expect(first.limits.tokenUnit).toBe('request');
    expect(first.webhooks).toEqual([]);
    expect(first.watched).toEqual([
      { bucket: 'both', prefix: 'site/', suffix: '.html' },
      { bucket: 'one', prefix: 'site/' },
      { bucket: 'two', suffix: '.css' },
    ]);
    const second = readAssembly(assembly, 'site/Second');
    expect(second.mapping).toEqual({
      target: 'production',
      rules: [posts, files],
      allowedHosts: ['b.example'],
    });
    expect(second.webhooks).toEqual([
      { name: 'shop', source: 'contentful', options: { environments: ['master'] } },
    ]);
  });

  test('of one stage has the rules of its purgers, too, whose assets are next to it', () => {
    const stage = join(assembly, 'assembly-Live');
    expect(readAssembly(stage, 'site/First').mapping).toEqual({ target: 'production', rules: [files] });
    const below = relative(process.cwd(), stage);
    expect(readAssembly(below, 'site/First').mapping).toEqual({ target: 'production', rules: [files] });
  });

  test('does not say which objects a topic brings, or what a bucket will be called: any', () => {
    expect(readAssembly(assembly, 'site/Second').watched).toEqual([{}]);
    expect(readAssembly(assembly, 'other').watched).toEqual([{}]);
  });

  test('is explained, objects and URLs, by the purger that is named', async () => {
    const explain = (...args: readonly string[]) => run(['explain', ...args, '--assembly', assembly]);
    expect(await explain('https://a.example/a.html', '--stack', 'site/First')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('put or delete of s3://both/site/a.html'),
    });
    expect(await explain('s3://one/drafts/a', '--stack', 'site/First')).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('it would not arrive: only keys that begin with "site/" are watched'),
    });
    expect(await explain('s3://one/a')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('Expected --stack, since there are several purgers: '),
    });
    expect((await explain('s3://one/a', '--stack', 'site/Third')).stderr).toMatch(
      /Expected --stack to be (?:site\/First|site\/Second|other\/Purger| or )+, got "site\/Third"/,
    );
  });

  test('is no other folder', async () => {
    const explain = (folder: string) => run(['explain', 's3://a/b', '--assembly', folder]);
    expect((await explain('docs')).stderr).toContain('docs has no manifest.json: cdk synth makes one');
    const folder = scratch.path('empty');
    mkdirSync(folder);
    writeFileSync(`${folder}/manifest.json`, '{}');
    expect((await explain(folder)).stderr).toContain('to be a cloud assembly with a purger, found none');
  });
});

describe('rules alone', () => {
  const explain = (rules: unknown, ...args: readonly string[]) => {
    const file = scratch.path('rules.json');
    writeFileSync(file, JSON.stringify(rules));
    return run(['explain', ...args, '--rules', file]);
  };

  test('are a list, or settings with rules among them; objects of any bucket arrive', async () => {
    const purged = expect.stringContaining('invalidate file https://a.example/a (production)');
    expect(await explain([files], 's3://any/site/a')).toMatchObject({ exitCode: 0, stdout: purged });
    const staging = await explain({ target: 'staging', rules: [files] }, 's3://any/site/a');
    expect(staging.stdout).toContain('(staging)');
    expect((await explain([files], 'https://a.example/a')).stdout).toContain('s3://{bucket}/site/a');
  });

  test('are checked', async () => {
    expect(await explain([{ ...files, pages: { idex: 'a' } }], 's3://any/site/a')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('rules[0].pages'),
    });
    expect((await explain('rules', 's3://any/a')).exitCode).toBe(2);
  });
});

test.each([
  [['--rules', 'a', '--config', 'b'], 'Expected --config or --rules, got both'],
  [['--stack', 'a', '--config', 'b'], 'Expected --config or --stack, got both'],
  [['--stack', 'a', '--ready', 'b'], 'Expected --ready or --stack, got both'],
  [['--ready', 'a', '--assembly', 'b'], 'Expected --assembly or --ready, got both'],
  [['--ready', 'does-not-exist.json'], 'Expected --ready to be the file that npm start'],
  [['--rules', 'a', '--stage', 'b'], 'Expected --stage with a configuration, got it with --rules'],
  [['--stack', 'a', '--stage', 'b'], 'Expected --stage with a configuration, got it with --stack'],
  [['--rules', 'does-not-exist.json'], 'does-not-exist.json has an issue'],
])('%j is wrong', async (args, message) => {
  const { exitCode, stderr } = await run(['explain', 's3://a/b', ...args]);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});
