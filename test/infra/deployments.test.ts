import { CfnResource } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import defaultConfig from '../../infra/config.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { checkStages } from '../../infra/settings/stages.ts';
import { templateSchema } from '../../local/aws/template/assembly.ts';
import { unsupportedIn } from '../../local/aws/template/support.ts';
import { limitsBrokenBy } from '../helpers/aws-limits/all-rules.ts';
import { complaintsOf } from '../helpers/complaints.ts';
import { deployments } from '../helpers/deployments.ts';
import { letIn } from '../helpers/let-in.ts';
import { stackOf } from '../helpers/purger-stack.ts';
import { grantsOf } from '../helpers/resource-policies.ts';

// Loading CDK's validation takes seconds, and on a loaded machine more than a minute.
const timeout = 240_000;
const stages = checkStages(defaultConfig).map(({ name, config }) => [`the stage ${name}`, config] as const);

/** @returns the stack of a configuration, its template, and why CDK's validation refuses it, where it does */
function synthesize(config: Partial<PurgerConfig>) {
  const validated = stackOf(config, true);
  try {
    return { stack: validated, template: Template.fromStack(validated), refusal: undefined };
  } catch (refusal) {
    const stack = stackOf(config);
    return { stack, template: Template.fromStack(stack), refusal };
  }
}

describe.each([...stages, ...Object.entries(deployments)])('%s', { timeout }, (name, config) => {
  let known: ReturnType<typeof synthesize> | undefined;
  /** Synthesized once for all that is asked of it. */
  const synthesized = () => {
    known ??= synthesize(config);
    return known;
  };

  test('CDK finds nothing wrong with the template', () => {
    expect(synthesized().refusal).toBeUndefined();
  });

  test('synthesis warns of nothing but alarms that notify nobody', () => {
    expect(complaintsOf(synthesized().stack)).toEqual([]);
  });

  test('the local stack leaves nothing out', () => {
    expect(unsupportedIn(templateSchema.parse(synthesized().template.toJSON()))).toEqual([]);
  });

  test('every limit of AWS is kept', () => {
    expect(limitsBrokenBy(synthesized().template)).toEqual([]);
  });

  test('everybody who is let in is named, and nobody else is', () => {
    const { template } = synthesized();
    expect([...new Set(grantsOf(template))]).toEqual(letIn(name));
    template.resourceCountIs('AWS::Lambda::Url', 0);
  });
});

test('CDK refuses a template with a value that AWS would refuse', { timeout }, () => {
  const stack = stackOf({}, true);
  new CfnResource(stack, 'Wrong', { type: 'AWS::SQS::Queue', properties: { VisibilityTimeout: 'soon' } });
  expect(() => Template.fromStack(stack)).toThrow(/validation/i);
});
