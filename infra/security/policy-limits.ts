import { Stack } from 'aws-cdk-lib';
import { Policy, type PolicyDocument } from 'aws-cdk-lib/aws-iam';
import { type Queue, QueuePolicy } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import { renderedBytes } from './rendered-bytes.ts';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html */
export const queuePolicyLimits = { bytes: 8192, statements: 20 };

/**
 * All inline policies of a role together.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const maxInlinePolicyBytes = 10_240;

/**
 * @param settings what makes the policy long
 * @returns an issue where SQS would not take the policy of a queue
 */
export function issuesOfQueuePolicy(queue: Queue, settings: string): string[] {
  const policy = queue.node.tryFindChild('Policy');
  if (!(policy instanceof QueuePolicy)) return [];
  const { document } = policy;
  const bytes = bytesOf(queue, document);
  const { bytes: maxBytes, statements } = queuePolicyLimits;
  if (bytes <= maxBytes && document.statementCount <= statements) return [];
  return [
    `${settings}: expected a policy of the queue ${queue.node.path} of at most ${maxBytes} bytes and ${statements} statements, got up to ${bytes} bytes and ${document.statementCount} statements: divide them among two purgers`,
  ];
}

/** @returns the most bytes of inline policies together */
export function inlineBytesOf(policies: readonly (IConstruct | undefined)[]): number {
  return policies
    .filter((policy) => policy instanceof Policy)
    .reduce((all, policy) => all + bytesOf(policy, policy.document), 0);
}

function bytesOf(scope: IConstruct, document: PolicyDocument): number {
  return renderedBytes(Stack.of(scope).resolve(document));
}
