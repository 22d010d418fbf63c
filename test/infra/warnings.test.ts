import type { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import defaultConfig from '../../infra/config.ts';
import { checkStages } from '../../infra/settings/stages.ts';
import { templateSchema } from '../../local/aws/template/assembly.ts';
import { unsupportedIn } from '../../local/aws/template/support.ts';
import { deployments } from '../helpers/deployments.ts';
import { sampleConfig, stackOf } from '../helpers/purger-stack.ts';

/** What CDK says of a property that its own construct sets, where another account sends events. */
const ofCdk = /CfnEventBusPolicy#principal/;
/** Only the user knows who is to be told, and where the runbook is: `construct.test.ts`. */
const ofAlarms = /\[ack: cdn-pro-purger:(alarms|runbook)\]$/;

/** What synthesis asks the author of a configuration to fix. */
function complaintsOf(stack: Stack): readonly unknown[] {
  const annotations = Annotations.fromStack(stack);
  const found = [
    ...annotations.findWarning('*', Match.anyValue()),
    ...annotations.findError('*', Match.anyValue()),
  ];
  return found
    .map(({ entry }) => entry.data)
    .filter((text) => !ofCdk.test(String(text)) && !ofAlarms.test(String(text)));
}

test('a rule whose directories cannot last is warned of', () => {
  const [rule, ...others] = sampleConfig.rules;
  const dirUrls = ['https://www.example.com/**'];
  const rules = rule === undefined ? [] : [{ ...rule, purge: { dirUrls } }, ...others];
  expect(complaintsOf(stackOf({ rules }))).toEqual([
    expect.stringMatching(/^rules\[0\] takes 1 directory .* \[ack: cdn-pro-purger:lasting\]$/),
  ]);
});

const stages = checkStages(defaultConfig).map(({ name, config }) => [`the stage ${name}`, config] as const);

describe.each([...stages, ...Object.entries(deployments)])('%s', (_, config) => {
  const stack = stackOf(config);

  test('synthesis warns of nothing but alarms that notify nobody', () => {
    expect(complaintsOf(stack)).toEqual([]);
  });

  test('the local stack leaves nothing out', () => {
    expect(unsupportedIn(templateSchema.parse(Template.fromStack(stack).toJSON()))).toEqual([]);
  });
});
