import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { compileExplanations } from '../../functions/core/mapping/compile-rules.ts';
import defaultConfig from '../../infra/config.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { configFilesOf } from '../../local/demo/config-files.ts';
import { samplesOf } from '../../local/demo/samples/rule-samples.ts';
import { groupsSharingUrls } from '../../local/demo/samples/sample-groups.ts';
import { readSamples, samplesFor } from '../../local/demo/samples/samples.ts';
import { objectChange } from '../helpers/changes.ts';
import { blocksOf, evaluate, sectionsOf } from '../helpers/markdown.ts';
import { scratchFolder } from '../helpers/start.ts';

const scratch = scratchFolder();
afterAll(scratch.remove);

const base = { credentials: 'c', target: 'production' } as const;
const recipes = sectionsOf(readFileSync('docs/cookbook.md', 'utf8'), 2);

describe.each(recipes)('$heading', ({ text }) => {
  test('has a sample for each rule about objects, which that rule matches', async () => {
    const rules = (await evaluate(blocksOf(text, 'js')[0]?.trim() ?? '')) as PurgerConfig['rules'];
    const buckets = rules.flatMap(({ match: { bucket } }) => (typeof bucket === 'string' ? [bucket] : []));
    const config = { ...base, rules, buckets: [...buckets, 'a-bucket'].map((name) => ({ name })) };
    const explain = compileExplanations(config);
    samplesOf(config).forEach((sample, index) => {
      if (rules[index]?.match.source !== 's3') return;
      if (sample.kind !== 'put' && sample.kind !== 'delete') throw new Error(JSON.stringify(sample));
      const { bucket, key, kind: action } = sample;
      expect(explain(objectChange(key, { bucket, action }))[index]).toMatchObject({ matched: true });
    });
  });
});

const rulesOf = (...rules: PurgerConfig['rules']): PurgerConfig => ({
  ...base,
  buckets: [{ name: 'first' }, { name: 'second', prefix: 'pub/', suffix: '.html' }],
  webhooks: [{ source: 'ghost', secret: 's' }],
  rules,
});
const purge = { fileUrls: ['https://www.example.com/{+key}'] };

test.each([
  [
    { match: { source: 's3', bucket: 'second' }, purge },
    { kind: 'put', bucket: 'second', key: 'pub/sample-1.html' },
  ],
  [
    { match: { source: 's3', key: '{lang}/{+p}' }, purge },
    { kind: 'put', key: 'sample-1/sample-1.html' },
  ],
  [
    { match: { source: 's3', prefix: 'a/' }, purge },
    { kind: 'put', key: 'a/sample-1.html' },
  ],
  [
    { match: { source: 's3', action: 'delete' }, purge },
    { kind: 'delete', key: 'sample-1.html' },
  ],
  [{ match: { source: 's3', key: 'x/{+p}.map' }, except: 'x/sample{+p}', purge }, { kind: 'none' }],
  [
    { match: { source: 's3' }, delaySeconds: 300, purge },
    { kind: 'none', reason: expect.stringContaining('300 s') },
  ],
  [
    { match: { source: 'ghost', action: 'delete' }, purge: { fileUrls: ['https://www.example.com/{slug}'] } },
    { kind: 'none', reason: expect.stringContaining('cdn-purger send ghost delete') },
  ],
  [
    { match: { source: 'ghost' }, purge: { fileUrls: ['https://blog.example.com/{slug}'] } },
    {
      kind: 'webhook',
      webhook: 'ghost',
      rule: 'rules[0]',
      body: expect.stringContaining(
        '"slug":"sample-1","status":"published","url":"https://blog.example.com/sample-1/"',
      ),
    },
  ],
] as const)('of %j the sample is %j', (rule, sample) => {
  expect(samplesOf(rulesOf(rule as PurgerConfig['rules'][number]))[0]).toMatchObject(sample);
});

test('the events of the repository are played where all of them are received, and samples of the rules elsewhere', () => {
  const { production } = defaultConfig.stages;
  if (production === undefined) throw new Error('no stage');
  expect(samplesFor(production, undefined)).toEqual(readSamples());
  const [objects] = production.rules;
  if (objects === undefined) throw new Error('no rule');
  expect(samplesFor({ ...production, rules: [objects] }, undefined)).toMatchObject([
    { kind: 'put', bucket: 'www-example-com', key: 'site/sample-1.html' },
  ]);
  expect(() => samplesFor(production, 'docs/nothing')).toThrow('docs/nothing does not exist');
  expect(() => samplesFor(production, 'infra')).toThrow('Expected events in infra, got no JSON file');
});

test('what is shown on one page is in one group, whichever way it is linked', () => {
  const items = [['a'], ['b', 'home'], ['c'], ['home', 'a'], []].map((urls) => ({ urls }));
  const groups = groupsSharingUrls(items).map((group) => group.map(({ urls }) => urls));
  expect(groups).toEqual([[['c']], [['a'], ['b', 'home'], ['home', 'a']], [[]]]);
});

test('a configuration is watched with what it imports of the project', () => {
  writeFileSync(scratch.path('config.ts'), "import { a } from './a.ts';\nimport 'aws-cdk-lib';\n");
  writeFileSync(scratch.path('a.ts'), "export * from './b.mjs';\nimport './config.ts';\n");
  expect(configFilesOf(scratch.path('config.ts'))).toEqual(
    ['config.ts', 'a.ts', 'b.mjs'].map((name) => scratch.path(name)),
  );
});
