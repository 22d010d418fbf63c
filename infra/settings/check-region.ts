import { recordOf } from '../../functions/core/model/record.ts';
import type { IssuePath, ValidationIssue } from './checks/validation-issue.ts';

/**
 * @returns an issue for each ARN that is in another region than the stack, where the configuration says which that is.
 *   All of these would fail at deployment, or at run time.
 */
export function validateRegion(config: unknown): readonly ValidationIssue[] {
  const { region, credentials, queues, webhooks, webhookApi, alarms, encryptionKeyArn } = fieldsOf(config);
  if (typeof region !== 'string') return [];
  const { certificateArn } = fieldsOf(webhookApi);
  const { topicArn, criticalTopicArn } = fieldsOf(alarms);
  const arns: (readonly [IssuePath, unknown])[] = [
    ...arnsOfSecret(credentials, ['credentials']),
    [['encryptionKeyArn'], encryptionKeyArn],
    [['webhookApi', 'certificateArn'], certificateArn],
    [['alarms', 'topicArn'], topicArn],
    [['alarms', 'criticalTopicArn'], criticalTopicArn],
    ...listOf(queues).flatMap((queue, index): (readonly [IssuePath, unknown])[] => [
      [['queues', index, 'arn'], fieldsOf(queue).arn],
      [['queues', index, 'keyArn'], fieldsOf(queue).keyArn],
    ]),
    ...listOf(webhooks).flatMap((webhook, index) => {
      const { secret } = fieldsOf(webhook);
      const path = ['webhooks', index, 'secret'];
      return Array.isArray(secret)
        ? secret.flatMap((each: unknown, position) => arnsOfSecret(each, [...path, position]))
        : arnsOfSecret(secret, path);
    }),
  ];
  return arns.flatMap(([path, arn]) => {
    const other = typeof arn === 'string' && arn.startsWith('arn:') ? arn.split(':')[3] : region;
    if (other === region) return [];
    return [{ path, message: `expected an ARN of the stack's region ${region}, got one of ${other}` }];
  });
}

/** A secret's ARN, where it is not a name, and that of its key. */
function arnsOfSecret(secret: unknown, path: IssuePath): (readonly [IssuePath, unknown])[] {
  if (typeof secret === 'string') return [[path, secret]];
  const { name, keyArn } = fieldsOf(secret);
  return [
    [[...path, 'name'], name],
    [[...path, 'keyArn'], keyArn],
  ];
}

/** @returns an object's fields, none for all else */
function fieldsOf(value: unknown): Record<string, unknown> {
  return recordOf(value) ?? {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
