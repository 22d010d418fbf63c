import { Stack } from 'aws-cdk-lib';
import { Policy, type PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnQueuePolicy, type Queue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { renderedBytes } from './rendered-bytes.ts';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html */
export const queuePolicyLimits = { bytes: 8192, statements: 20 };

/**
 * All inline policies of a role together.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const maxInlinePolicyBytes = 10_240;

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
export const maxBusPolicyBytes = 10_240;

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html */
export const maxTablePolicyBytes = 20 * 1024;

/**
 * @param settings what makes the policy long
 * @returns an issue where SQS would not take the policy of a queue
 */
export function issuesOfQueuePolicy(queue: Queue, settings: string): string[] {
  const policy = queue.node.tryFindChild('Policy')?.node.defaultChild;
  if (!(policy instanceof CfnQueuePolicy)) return [];
  const document = Stack.of(queue).resolve(policy.policyDocument);
  const [bytes, { length: count }] = [renderedBytes(document), document.Statement];
  const { bytes: maxBytes, statements } = queuePolicyLimits;
  if (bytes <= maxBytes && count <= statements) return [];
  return [
    `${settings}: expected a policy of the queue ${queue.node.path} of at most ${maxBytes} bytes and ${statements} statements, got up to ${bytes} bytes and ${count} statements: divide them among two purgers`,
  ];
}

/** @returns the policy that has this statement alone */
export function policyOf(statement: PolicyStatement): object {
  return { Version: '2012-10-17', Statement: [statement.toStatementJson()] };
}

/** A policy of a resource, which AWS takes up to a size. */
export interface SizedPolicy {
  readonly resource: IConstruct;
  readonly policy: unknown;
  readonly maxBytes: number;
}

/**
 * @param expected what makes the policy long, and what it is of
 * @param got how many there are of that, and what to do
 * @returns an issue where AWS would not take the policy of a resource
 */
export function issuesOfSize(
  { resource, policy, maxBytes }: SizedPolicy,
  expected: string,
  got: string,
): string[] {
  const bytes = renderedBytes(Stack.of(resource).resolve(policy));
  return bytes <= maxBytes ? [] : [`${expected} of at most ${maxBytes} bytes, got up to ${bytes} for ${got}`];
}

/** @returns the most bytes of inline policies together */
export function inlineBytesOf(policies: readonly (IConstruct | undefined)[]): number {
  return policies
    .filter((policy) => policy instanceof Policy)
    .reduce((all, policy) => all + renderedBytes(Stack.of(policy).resolve(policy.document)), 0);
}
