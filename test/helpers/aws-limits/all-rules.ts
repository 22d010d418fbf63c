import { cloudWatchRules } from './cloudwatch-rules.ts';
import { functionRules } from './function-rules.ts';
import { policyRules } from './policy-rules.ts';
import type { AwsRule } from './rule.ts';
import { stackRules } from './stack-rules.ts';

/** Every rule that the template has to keep. */
export const awsRules: readonly AwsRule[] = [
  ...stackRules,
  ...policyRules,
  ...functionRules,
  ...cloudWatchRules,
];
