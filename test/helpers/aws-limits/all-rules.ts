import type { Template } from 'aws-cdk-lib/assertions';
import { cloudWatchRules } from './cloudwatch-rules.ts';
import { functionRules } from './function-rules.ts';
import { policyRules } from './policy-rules.ts';
import { renderedResources } from './rendered.ts';
import type { AwsRule } from './rule.ts';
import { stackRules } from './stack-rules.ts';

/** Every rule that the template has to keep. */
export const awsRules: readonly AwsRule[] = [
  ...stackRules,
  ...policyRules,
  ...functionRules,
  ...cloudWatchRules,
];

/** @returns each rule that a template breaks, with what breaks it and AWS's page */
export function limitsBrokenBy(template: Template): readonly string[] {
  const resources = renderedResources(template);
  return awsRules.flatMap(({ name, page, broken }) => {
    const by = broken(resources);
    return by.length === 0 ? [] : [`${name}: ${by.join(', ')} (${page})`];
  });
}
