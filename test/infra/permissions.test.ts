import { describe, expect, test } from 'vitest';
import { everything } from '../helpers/deployments.ts';
import { permissionsOf, templateOf } from '../helpers/purger-stack.ts';

const key = 'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';
const otherKey = 'arn:aws:kms:eu-west-1:444455556666:key/1a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f';
const otherTable = 'arn:aws:dynamodb:eu-west-1:444455556666:table/ledger';

const functions = {
  submit: /purge requests to CDN Pro/,
  tick: /releases what is parked/,
  probe: /asks the edge/,
  's3 receiver': /changes of S3 objects/,
  'webhook receiver': /verifies webhooks/,
  'bucket configuration': /watched buckets/,
} as const;
type FunctionName = keyof typeof functions;

const buffer = 'PurgerSubmitBufferQueue';
const deadLetters = 'PurgerSubmitBufferDeadLetterQueue';
const window = ' where dynamodb:LeadingKeys = rate-window, rate-window-used';
const parked = 'PurgerParkedTable';
const journal = 'PurgerJournalTable';
const memory = ' where dynamodb:LeadingKeys = memory#*';
const logging = (owner: string) => [
  `logs:CreateLogStream on ${owner}Logs`,
  `logs:PutLogEvents on ${owner}Logs`,
];
const item = (table: string, condition: string) =>
  ['GetItem', 'PutItem'].map((action) => `dynamodb:${action} on ${table}${condition}`);
const reading = (secret: string) =>
  ['DescribeSecret', 'GetSecretValue'].map((action) => `secretsmanager:${action} on ${secret}-??????`);
const receiving = (queue: string) =>
  ['ChangeMessageVisibility', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl', 'ReceiveMessage'].map(
    (action) => `sqs:${action} on ${queue}`,
  );
const configuring = (bucket: string) =>
  ['s3:GetBucketNotification', 's3:PutBucketNotification'].map(
    (action) => `${action} on {"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":s3:::${bucket}"]]}`,
  );

/** All that each function may do. */
const allowed: Readonly<Record<FunctionName, readonly string[]>> = {
  submit: [
    ...item('PurgerLedgerTable', window),
    ...item(parked, ''),
    `dynamodb:DeleteItem on ${parked}`,
    `dynamodb:PutItem on ${journal} where dynamodb:LeadingKeys = purge#*, body#*, urls#*`,
    ...logging('PurgerSubmitFunction'),
    ...reading('cdn-pro/api'),
    ...receiving(buffer),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  tick: [
    ...item('PurgerLedgerTable', window),
    ...item(parked, ''),
    `dynamodb:DeleteItem on ${parked}`,
    ...['Query', 'Scan'].map((action) => `dynamodb:${action} on ${parked}/index/waiting`),
    ...item(journal, ''),
    `dynamodb:Query on ${journal}/index/open`,
    ...['events:PutEvents'].map(
      (action) =>
        `${action} on {"Fn::Join":["",["arn:",{"Ref":"AWS::Partition"},":events:",{"Ref":"AWS::Region"},":",{"Ref":"AWS::AccountId"},":event-bus/default"]]} where events:source = cdn-pro-purger and events:detail-type = Purge Ended`,
    ),
    'lambda:InvokeFunction on PurgerProbeFunction',
    ...logging('PurgerTickFunction'),
    ...reading('cdn-pro/api'),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  // What it asks for is written by others: it must not be able to do anything for them.
  probe: logging('PurgerProbeFunction'),
  's3 receiver': [
    ...logging('PurgerReceiveS3Function'),
    ...receiving('PurgerReceiveS3InboxQueue'),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  'webhook receiver': [
    ...item('PurgerLedgerTable', memory),
    ...logging('PurgerReceiveWebhookFunction'),
    ...reading('cdn-pro-purger/contentful'),
    `sqs:SendMessage on ${buffer}`,
    `sqs:SendMessage on ${deadLetters}`,
  ],
  'bucket configuration': [...logging('PurgerReceiveS3ConfigureBucket'), ...configuring('www-example-com')],
};
const names = Object.keys(functions) as FunctionName[];
const usesWindow = (name: FunctionName) => name === 'submit' || name === 'tick';
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
    expect(sorted(shared)).toEqual(sorted(usesWindow(name) ? [...own, ...other] : own));
  });
});

test('whatever changes come from, each is received from its own queue, with its key, and nothing else is allowed', () => {
  const queues = [
    { arn: 'arn:aws:sqs:eu-west-1:111122223333:changes' },
    { arn: 'arn:aws:sqs:eu-west-1:111122223333:encrypted', keyArn: key },
  ];
  const topics = [{ arn: 'arn:aws:sns:eu-west-1:111122223333:changes' }];
  const buckets = [
    { name: 'www', via: 'notification' },
    { name: 'made', create: true },
  ] as const;
  const both = templateOf({ queues, topics, buckets });
  expect(sorted(permissionsOf(both, functions['s3 receiver']))).toEqual(
    sorted([
      ...allowed['s3 receiver'],
      ...queues.flatMap(({ arn }) => receiving(`"${arn}"`)),
      `kms:Decrypt on "${key}"`,
    ]),
  );
  expect(sorted(permissionsOf(both, functions['bucket configuration']))).toEqual(
    sorted([...logging('PurgerReceiveS3ConfigureBucket'), ...configuring('www')]),
  );
});

test('where unchanged puts are left out, the items of objects in its own ledger may be used, and no others', () => {
  const buckets = [{ name: 'www-example-com', skipUnchanged: true }];
  const objects = ' where dynamodb:LeadingKeys = object#*';
  const used = item('PurgerLedgerTable', objects);
  for (const shared of [{}, { sharedLedger: { table: otherTable } }]) {
    const skipping = templateOf({ buckets, ...shared });
    const receiver = [
      ...allowed['s3 receiver'],
      ...used,
      `dynamodb:BatchGetItem on PurgerLedgerTable${objects}`,
    ];
    expect(sorted(permissionsOf(skipping, functions['s3 receiver']))).toEqual(sorted(receiver));
    expect(permissionsOf(skipping, functions.submit)).toEqual(expect.arrayContaining(used));
  }
});

test('each function has its own role, without managed policies, and there are no other roles', () => {
  const all = templateOf(everything);
  const roles = Object.values(all.findResources('AWS::IAM::Role'));
  for (const { Properties } of roles) expect(Properties.ManagedPolicyArns).toBeUndefined();
  const used = Object.values(all.findResources('AWS::Lambda::Function')).map(({ Properties }) =>
    JSON.stringify(Properties.Role),
  );
  expect(used).toHaveLength(names.length);
  expect(new Set(used).size).toBe(used.length);
  expect(roles).toHaveLength(used.length);
});

test('every queue refuses requests without TLS', () => {
  const all = templateOf(everything);
  const policies = Object.values(all.findResources('AWS::SQS::QueuePolicy'));
  expect(policies).toHaveLength(Object.keys(all.findResources('AWS::SQS::Queue')).length);
  for (const { Properties } of policies) {
    expect(Properties.PolicyDocument.Statement).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Action: 'sqs:*',
        Principal: { AWS: '*' },
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  }
});

test('no secret is in the template: only names and ARNs are', () => {
  const text = JSON.stringify(template.toJSON());
  expect(text).not.toContain('{{resolve:secretsmanager');
  expect(text).not.toMatch(/"(apiKey|secretKey)"/);
});
