import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import defaultConfig from '../../infra/config.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { checkStages } from '../../infra/settings/stages.ts';
import { deployments } from '../helpers/deployments.ts';
import { stackOf } from '../helpers/purger-stack.ts';

/** What CDK says of a property that its own construct sets, where another account sends events. */
const ofCdk = /CfnEventBusPolicy#principal/;

/** What synthesis asks the author of a configuration to fix. */
function complaintsOf(config: Partial<PurgerConfig>): readonly unknown[] {
  const annotations = Annotations.fromStack(stackOf(config));
  const found = [
    ...annotations.findWarning('*', Match.anyValue()),
    ...annotations.findError('*', Match.anyValue()),
  ];
  return found.map(({ entry }) => entry.data).filter((text) => !ofCdk.test(String(text)));
}

const stages = checkStages(defaultConfig).map(({ name, config }) => [`the stage ${name}`, config] as const);

test.each([...stages, ...Object.entries(deployments)])('%s: synthesis warns of nothing', (_, config) => {
  expect(complaintsOf(config)).toEqual([]);
});
