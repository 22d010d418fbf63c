import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkStages, findStage, refuseMisspelledContext } from '../../infra/settings/stages.ts';
import { loadStages } from '../../infra/stack/load-config.ts';
import { blocksOf, sectionsOf } from '../helpers/markdown.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const staged = checkStages({
  stages: { live: sampleConfig, staging: { ...sampleConfig, stackName: 'Mine' } },
});

test('a configuration without stages is one stage without a name', () => {
  expect(checkStages(sampleConfig)).toEqual([{ config: { ...sampleConfig, stackName: 'CdnProPurger' } }]);
});

test('every stage is a separate stack, named after the stage unless it says otherwise', () => {
  expect(staged.map(({ name, config }) => [name, config.stackName])).toEqual([
    ['live', 'CdnProPurger-live'],
    ['staging', 'Mine'],
  ]);
});

test('a stage is found by its name, and is the first where none is asked for', () => {
  expect(findStage(staged, 'staging').config.stackName).toBe('Mine');
  expect(findStage(staged, undefined).name).toBe('live');
});

test('an unknown stage is refused with the name that was meant, or with all there are', () => {
  expect(() => findStage(staged, 'stagin')).toThrow('Unknown stage "stagin" (did you mean `staging`?)');
  expect(() => findStage(staged, 'qa')).toThrow('Unknown stage "qa" (expected one of `live`, `staging`)');
  expect(() => findStage(checkStages(sampleConfig), 'live')).toThrow(
    'Expected no stage, since the configuration has none, got "live"',
  );
});

test('the issues of all stages are named at once, with the stage in their path', () => {
  const [rule] = sampleConfig.rules;
  const faulty = {
    stages: {
      live: { ...sampleConfig, target: 'prod', account: 123, region: 'Frankfurt' },
      staging: { ...sampleConfig, buckets: [], rules: [rule] },
    },
  };
  expect(() => checkStages(faulty)).toThrow(
    [
      'The configuration has 4 issues:',
      '- `stages.live.target`: expected "production" or "staging", got "prod"',
      '- `stages.live.account`: expected an AWS account: 12 digits, got 123',
      '- `stages.live.region`: expected an AWS region, got "Frankfurt"',
      '- `stages.staging.rules[0].match.source`: "s3" can never match: no bucket is watched',
    ].join('\n'),
  );
});

test.each([
  ['none', {}, '`stages`: expected at least one stage, got an empty object'],
  ['a list', [], '`stages`: expected an object with stages by name, got a list of 0'],
  [
    'a digit first',
    { '2nd': sampleConfig },
    '`stages.2nd`: expected a stage name: letters, digits and "-", a letter first, got "2nd"',
  ],
  ['a stage that is not an object', { live: 1 }, '`stages.live`: expected an object, got 1'],
])('wrong stages are refused: %s', (_, stages, message) => {
  expect(() => checkStages({ stages })).toThrow(message);
});

test('fields next to stages are refused, since no stage would have them', () => {
  expect(() => checkStages({ stages: { live: sampleConfig }, target: 'staging' })).toThrow(
    'unknown field `target`',
  );
});

test('two stages cannot be one stack', () => {
  const stages = { live: { ...sampleConfig, stackName: 'CdnProPurger-qa' }, qa: sampleConfig };
  expect(() => checkStages({ stages })).toThrow(
    '`stages.qa.stackName`: expected a unique name, got that of the stage "live": "CdnProPurger-qa"',
  );
});

test('infra/config.ts has production and staging, each with its own target, buckets and hosts', async () => {
  const stages = await loadStages('infra/config.ts');
  expect(stages.map(({ name, config }) => [name, config.target])).toEqual([
    ['production', 'production'],
    ['staging', 'staging'],
  ]);
  const hosts = stages.map(({ config }) => [
    ...new Set(JSON.stringify(config.rules).match(/https:\/\/[^/]+/g)),
  ]);
  expect(hosts).toEqual([['https://www.example.com'], ['https://staging.example.com']]);
  expect(new Set(stages.map(({ config }) => config.buckets?.[0]?.name)).size).toBe(2);
});

test("the documentation's example is valid, and its stages share their rules", async () => {
  const sections = sectionsOf(readFileSync('docs/configuration.md', 'utf8'), 2);
  const [example = ''] = blocksOf(sections.find(({ heading }) => heading === 'Stages')?.text ?? '', 'js');
  const exports = await import(`data:text/javascript,${encodeURIComponent(example)}`);
  const [production, staging] = checkStages(exports.default);
  expect(production?.config.rules).toHaveLength(staging?.config.rules.length ?? 0);
  expect(production?.config.account).not.toBe(staging?.config.account);
});

test.each(['stag', 'stge', 'Stage', 'stages', 'confg'])(
  'the context value %s is refused with the one that was meant',
  (name) => {
    expect(() => refuseMisspelledContext(['config', name], ['config', 'stage'])).toThrow(
      `Unknown context value "${name}" (did you mean`,
    );
  },
);

test("context values of CDK and of a user's own are none of ours", () => {
  const { context } = JSON.parse(readFileSync('cdk.json', 'utf8')) as { readonly context: object };
  const others = [...Object.keys(context), 'aws:cdk:bundling-stacks', 'stack', 'stage', 'config'];
  expect(() => refuseMisspelledContext(others, ['config', 'stage'])).not.toThrow();
});
