import { describe, expect, test } from 'vitest';
import { permissionsOf, templateOf } from '../helpers/purger-stack.ts';

const key = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';
const otherKey = 'arn:aws:kms:eu-west-1:444455556666:key/1a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';
const otherTable = 'arn:aws:dynamodb:eu-west-1:444455556666:table/ledger';

const functions = {
  submit: /purge requests to CDN Pro/,
  's3 receiver': /changes of S3 objects/,
  'webhook receiver': /verifies webhooks/,
} as const;
type FunctionName = keyof typeof functions;

const buffer = 'PurgerSubmitBufferQueue';
const deadLetters = 'PurgerSubmitBufferDeadLetterQueue';
const window = ' where dynamodb:LeadingKeys = rate-window';
const memory = ' where dynamodb:LeadingKeys = memory#*';
const logging = (owner: string) => [
  `logs:CreateLogStream on ${owner}FunctionLogs`,
  `logs:PutLogEvents on ${owner}FunctionLogs`,
];
const item = (table: string, condition: string) =>
  ['GetItem', 'PutItem'].map((action) => `dynamodb:${action} on ${table}${condition}`);
const reading = (secret: string) =>
  ['DescribeSecret', 'GetSecretValue'].map((action) => `secretsmanager:${action} on ${secret}-??????`);
const receiving = [
  'ChangeMessageVisibility',
  'DeleteMessage',
  'GetQueueAttributes',
  'GetQueueUrl',
  'ReceiveMessage',
];

/** All that each function may do. */
const allowed: Readonly<Record<FunctionName, readonly string[]>> = {
  submit: [
    ...item('PurgerLedgerTable', window),
    ...logging('PurgerSubmit'),
    ...reading('cdn-pro/api'),
    ...receiving.map((action) => `sqs:${action} on ${buffer}`),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  's3 receiver': [
    ...logging('PurgerReceiveS3'),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  'webhook receiver': [
    ...item('PurgerLedgerTable', memory),
    ...logging('PurgerReceiveWebhook'),
    ...reading('cdn-pro-purger/contentful'),
    `sqs:SendMessage on ${buffer}`,
  ],
};
const names = Object.keys(functions) as FunctionName[];
const sorted = (permissions: Iterable<string>) => [...new Set(permissions)].toSorted();
const template = templateOf();

describe.each(names)('the %s', (name) => {
  test('may do what it has to, and nothing else', () => {
    expect(sorted(permissionsOf(template, functions[name]))).toEqual(sorted(allowed[name]));
  });

  test('may also use a key of the customer, and no other key', () => {
    const withKey = permissionsOf(templateOf({ encryptionKeyArn: key }), functions[name]);
    const use = ['kms:Decrypt', 'kms:GenerateDataKey'].map((action) => `${action} on "${key}"`);
    expect(sorted(withKey)).toEqual(sorted([...allowed[name], ...use]));
  });

  test('touches of a shared ledger the window alone, if anything', () => {
    const sharedLedger = { table: otherTable, encryptionKeyArn: otherKey };
    const shared = permissionsOf(templateOf({ sharedLedger }), functions[name]);
    const own = allowed[name].filter((permission) => !permission.endsWith(window));
    const other = [...item(`"${otherTable}"`, window), `kms:Decrypt on "${otherKey}"`];
    expect(sorted(shared)).toEqual(sorted(name === 'submit' ? [...own, ...other] : own));
  });
});

test('each function has a role of its own, without managed policies', () => {
  const own = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) =>
    id.startsWith('Purger'),
  );
  expect(own).toHaveLength(3);
  for (const [, { Properties }] of own) expect(Properties.ManagedPolicyArns).toBeUndefined();
  const roles = Object.values(template.findResources('AWS::Lambda::Function'))
    .filter(({ Properties }) => Properties.Description?.startsWith('cdn-pro-purger'))
    .map(({ Properties }) => JSON.stringify(Properties.Role));
  expect(new Set(roles).size).toBe(3);
});

test('who may invoke a function is named: the rule of the bucket, and the route of the API', () => {
  const permissions = Object.values(template.findResources('AWS::Lambda::Permission')).map(
    ({ Properties }) => ({
      function: /ReceiveS3|ReceiveWebhook|Submit/.exec(JSON.stringify(Properties.FunctionName))?.[0],
      principal: Properties.Principal,
      source: JSON.stringify(Properties.SourceArn),
    }),
  );
  expect(permissions).toEqual([
    {
      function: 'ReceiveS3',
      principal: 'events.amazonaws.com',
      source: expect.stringMatching(/^\{"Fn::GetAtt":\["PurgerReceiveS3Bucket1\w+","Arn"\]\}$/),
    },
    {
      function: 'ReceiveWebhook',
      principal: 'apigateway.amazonaws.com',
      source: expect.stringMatching(/PurgerReceiveWebhookApi\w+"\},"\/\*\/\*\/webhooks\/\{source\}"/),
    },
  ]);
  template.resourceCountIs('AWS::Lambda::Url', 0);
});

interface QueueStatement {
  readonly Effect: string;
  readonly Action: string;
  readonly Principal: unknown;
  readonly Condition: unknown;
}

test('the queues refuse whoever comes without TLS, and let in the rule of the bucket alone, with what it cannot deliver', () => {
  const policies = Object.entries(template.findResources('AWS::SQS::QueuePolicy'));
  const statementsOf = (queue: string) =>
    policies
      .filter(([id]) => id.startsWith(`${queue}Policy`))
      .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as QueueStatement[]);
  const tlsOnly = {
    Effect: 'Deny',
    Action: 'sqs:*',
    Principal: { AWS: '*' },
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const ofRule = { 'Fn::GetAtt': [expect.stringMatching(/^PurgerReceiveS3Bucket1/), 'Arn'] };
  expect(statementsOf(buffer)).toEqual([expect.objectContaining(tlsOnly)]);
  expect(statementsOf(deadLetters)).toEqual([
    expect.objectContaining(tlsOnly),
    expect.objectContaining({
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': ofRule } },
    }),
  ]);
});

test('no secret is in the template: only names and ARNs are', () => {
  const text = JSON.stringify(template.toJSON());
  expect(text).not.toContain('{{resolve:secretsmanager');
  expect(text).not.toMatch(/"(apiKey|secretKey)"/);
});
