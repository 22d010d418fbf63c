import { expect, test } from 'vitest';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { PurgerStack } from '../../infra/stack/purger-stack.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

/** Where CDK would deploy a stack with this configuration. */
function environmentOf(overrides: Partial<PurgerConfig>) {
  const app = unbundledApp();
  new PurgerStack(app, 'Stack', { config: { ...sampleConfig, ...overrides } });
  const { environment, stackName } = app.synth().getStackArtifact('Stack');
  return { environment: environment.name, stackName };
}

test('a stack is bound to the account and region of its configuration', () => {
  const bound = { account: '111111111111', region: 'eu-central-1', stackName: 'Mine' };
  expect(environmentOf(bound)).toEqual({
    environment: 'aws://111111111111/eu-central-1',
    stackName: 'Mine',
  });
});

test('a stack without them is bound to none, on any machine that synthesizes it', () => {
  expect(environmentOf({})).toEqual({
    environment: 'aws://unknown-account/unknown-region',
    stackName: 'Stack',
  });
});

test('a stack refuses a configuration with a misspelled field, at any depth', () => {
  const buckets = [{ name: 'www-example-com', prefx: 'site/' }];
  expect(() => environmentOf({ buckets })).toThrow('unknown field `prefx` (did you mean `prefix`?)');
});
