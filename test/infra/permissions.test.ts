import { Match } from 'aws-cdk-lib/assertions';
import { expect, test } from 'vitest';
import { permissionsOf, templateOf } from '../helpers/purger-stack.ts';

const template = templateOf();

const sending = (queue: string) => [
  `sqs:GetQueueAttributes on ${queue}`,
  `sqs:GetQueueUrl on ${queue}`,
  `sqs:SendMessage on ${queue}`,
];
const logging = (receiver: string) => [
  `logs:CreateLogStream on ${receiver}FunctionLogs`,
  `logs:PutLogEvents on ${receiver}FunctionLogs`,
];
const buffer = 'PurgerSubmitBufferQueue';
const deadLetters = 'PurgerSubmitBufferDeadLetterQueue';

test('submit reads the credentials and no other secret, and touches its own table and queues alone', () => {
  expect(new Set(permissionsOf(template, /purge requests to CDN Pro/))).toEqual(
    new Set([
      'dynamodb:GetItem on PurgerLedgerTable',
      'dynamodb:PutItem on PurgerLedgerTable',
      'secretsmanager:DescribeSecret on cdn-pro/api-??????',
      'secretsmanager:GetSecretValue on cdn-pro/api-??????',
      ...logging('PurgerSubmit'),
      `sqs:ChangeMessageVisibility on ${buffer}`,
      `sqs:DeleteMessage on ${buffer}`,
      `sqs:ReceiveMessage on ${buffer}`,
      ...sending(buffer),
      ...sending(deadLetters),
    ]),
  );
});

test('the S3 receiver sends to the buffer, and its failures to the dead letter queue', () => {
  expect(permissionsOf(template, /changes of S3 objects/)).toEqual(
    [...logging('PurgerReceiveS3'), ...sending(deadLetters), ...sending(buffer)].toSorted(),
  );
});

test('the webhook receiver sends to the buffer, remembers, and reads its own secrets, not the credentials', () => {
  expect(permissionsOf(template, /verifies webhooks/)).toEqual(
    [
      'dynamodb:GetItem on PurgerLedgerTable',
      'dynamodb:PutItem on PurgerLedgerTable',
      'secretsmanager:DescribeSecret on cdn-pro-purger/contentful-??????',
      'secretsmanager:GetSecretValue on cdn-pro-purger/contentful-??????',
      ...logging('PurgerReceiveWebhook'),
      ...sending(buffer),
    ].toSorted(),
  );
});

test('no role has a managed policy, and nothing is allowed on every resource', () => {
  const roles = Object.values(template.findResources('AWS::IAM::Role'));
  expect(roles).toHaveLength(4);
  for (const { Properties } of roles) expect(Properties.ManagedPolicyArns).toBeUndefined();
  for (const description of [
    /purge requests to CDN Pro/,
    /changes of S3 objects/,
    /verifies webhooks/,
    /watched buckets/,
  ]) {
    expect(permissionsOf(template, description).filter((permission) => permission.endsWith('"*"'))).toEqual(
      [],
    );
  }
});

test('of the ledger, the webhook receiver touches only what it remembers of entries', () => {
  template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: ['dynamodb:GetItem', 'dynamodb:PutItem'],
          Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['memory#*'] } },
        }),
      ]),
    },
  });
});

test('no secret is in the template: only names and ARNs are', () => {
  const text = JSON.stringify(template.toJSON());
  expect(text).not.toContain('{{resolve:secretsmanager');
  expect(text).not.toMatch(/"(apiKey|secretKey)"/);
});
