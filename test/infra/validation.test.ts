import { CfnResource } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { deployments } from '../helpers/deployments.ts';
import { stackOf } from '../helpers/purger-stack.ts';

// Loading CDK's validation takes seconds, and on a loaded machine more than a minute.
const timeout = 240_000;

test.each(Object.entries(deployments))(
  'CDK finds nothing wrong with the template: %s',
  { timeout },
  (_, overrides) => {
    expect(() => Template.fromStack(stackOf(overrides, true))).not.toThrow();
  },
);

test('CDK refuses a template with a value that AWS would refuse', { timeout }, () => {
  const stack = stackOf({}, true);
  new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { VisibilityTimeout: 'soon' } });
  expect(() => Template.fromStack(stack)).toThrow(/validation/i);
});
