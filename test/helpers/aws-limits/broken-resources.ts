import { longestName } from './rendered.ts';

type Example = readonly (readonly [
  type: string,
  properties: Readonly<Record<string, unknown>>,
  deletionPolicy?: string,
])[];

const long = (length: number) => 'x'.repeat(length);
const one = (type: string, properties: Readonly<Record<string, unknown>>): Example => [[type, properties]];
const times = (count: number, type: string, properties: Readonly<Record<string, unknown>>): Example =>
  Array.from({ length: count }, () => [type, properties]);
const policyOf = (count: number, text = '') => ({
  PolicyDocument: { Statement: Array.from({ length: count }, () => text) },
  Queues: ['q'],
  Roles: ['r'],
});
const fn = (variables: Readonly<Record<string, string>>, more = {}) =>
  one('AWS::Lambda::Function', { Environment: { Variables: variables }, ...more });
const alarm = (properties: Readonly<Record<string, unknown>>) => one('AWS::CloudWatch::Alarm', properties);
const dashboard = (...widgets: readonly object[]) =>
  one('AWS::CloudWatch::Dashboard', { DashboardName: 'd', DashboardBody: JSON.stringify({ widgets }) });
const dimension = (Name: string, Value: string) => alarm({ Dimensions: [{ Name, Value }] });
const bucketConfiguration = (queues: number, idPrefix: string) =>
  one('Custom::PurgerBucketConfiguration', {
    Configuration: JSON.stringify({ queues: Array.from({ length: queues }, () => ({})), idPrefix }),
  });

/** For each rule, resources that break it. */
export const brokenResources: Readonly<Record<string, readonly Example[]>> = {
  'a stack has 500 resources at most, and a template 1 MB': [
    times(501, 'AWS::SQS::Queue', {}),
    one('AWS::SQS::Queue', { Tags: long(1_000_001) }),
  ],
  'nothing with a fixed name stays after a first deployment that failed: the next one could not make it': [
    [['AWS::S3::Bucket', { BucketName: 'www' }, 'Retain']],
  ],
  'what outlives the stack has no fixed name but that of a bucket: another stack of the name could not make it':
    [[['AWS::Logs::LogGroup', { LogGroupName: '/aws/vendedlogs/purger' }, 'RetainExceptOnCreate']]],
  'a role has a description of 1,000 characters of Latin-1 at most': [
    one('AWS::IAM::Role', { Description: 'purges …' }),
    one('AWS::IAM::Role', { Description: long(1001) }),
  ],
  'the name of a bucket has 3 to 63 lower-case letters, digits, dots and hyphens': [
    one('AWS::S3::Bucket', { BucketName: 'My_Bucket' }),
  ],
  'a custom resource waits for an hour at most': [
    one('Custom::PurgerBucketConfiguration', { ServiceTimeout: '3601' }),
  ],
  'an HTTP API waits for 30 s at most, logs on one line of 3 KB with a request ID, and has 300 routes': [
    one('AWS::ApiGatewayV2::Integration', { TimeoutInMillis: 30_001 }),
    one('AWS::ApiGatewayV2::Stage', { AccessLogSettings: { Format: '$context.path' } }),
    one('AWS::ApiGatewayV2::Stage', { AccessLogSettings: { Format: '$context.requestId\n' } }),
    times(301, 'AWS::ApiGatewayV2::Route', {}),
  ],
  'a bucket has 100 notifications of a stack at most, each with its own ID of 255 characters': [
    bucketConfiguration(101, 'Mine-'),
    bucketConfiguration(1, long(251)),
  ],
  'a table has 20 indexes at most': [
    one('AWS::DynamoDB::Table', { GlobalSecondaryIndexes: Array.from({ length: 21 }, () => ({})) }),
  ],
  'a parameter of SSM has 8 KB at most': [one('AWS::SSM::Parameter', { Value: long(8193) })],
  'the policy of a queue has 20 statements at most': [one('AWS::SQS::QueuePolicy', policyOf(21))],
  'the policy of a queue has 8,192 bytes at most': [one('AWS::SQS::QueuePolicy', policyOf(1, long(8192)))],
  'a queue has one policy: another would replace it': [times(2, 'AWS::SQS::QueuePolicy', policyOf(1))],
  'the inline policies of a role have 10,240 characters at most, all together': [
    times(2, 'AWS::IAM::Policy', policyOf(1, long(5200))),
  ],
  'a managed policy has 6,144 characters at most, and a role ten of them': [
    one('AWS::IAM::ManagedPolicy', policyOf(1, long(6144))),
    one('AWS::IAM::Role', { ManagedPolicyArns: Array.from({ length: 11 }, () => 'arn') }),
  ],
  'the policy of a function has 20,480 bytes at most': [
    times(60, 'AWS::Lambda::Permission', { FunctionName: 'f', SourceArn: long(150) }),
  ],
  'the policy of a key has 32 KB at most': [one('AWS::KMS::Key', { KeyPolicy: long(32_768) })],
  'the policy of a table has 20 KB at most': [
    one('AWS::DynamoDB::Table', { ResourcePolicy: { PolicyDocument: long(20_480) } }),
  ],
  'the policy of a bus has 10,240 characters at most, all statements together': [
    times(50, 'AWS::Events::EventBusPolicy', { EventBusName: 'b', Statement: { Resource: long(220) } }),
  ],
  "an API's access log is under /aws/vendedlogs/: the resource policy for others is full with some of them": [
    [
      ['AWS::Logs::LogGroup', { LogGroupName: '/aws/lambda/purger' }],
      ['AWS::ApiGatewayV2::Stage', { AccessLogSettings: { DestinationArn: 'Resource0' } }],
    ],
  ],
  'the environment of a function has 4,096 bytes at most, measured as JSON': [
    fn({ SECRETS: long(4083) }),
    fn({ SECRETS: 'ä'.repeat(2050) }),
    fn({ SECRETS: '"'.repeat(2050) }),
  ],
  'no variable has a name that Lambda keeps for itself': [fn({ AWS_REGION: 'x' }), fn({ 'a-b': 'x' })],
  'no variable has a part of the ARN of a secret': [
    fn({ ID: 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:cdn-pro/api' }),
    fn({ IDS: '["arn:aws:secretsmanager:eu-west-1:111122223333:secret:a"]' }),
  ],
  'a function has a description of 256 characters at most, a timeout of 15 minutes and 128 to 10,240 MB': [
    fn({}, { Description: long(257) }),
    fn({}, { Timeout: 901 }),
    fn({}, { MemorySize: 64 }),
  ],
  'a batch of more than ten has a window, and at least two executions': [
    one('AWS::Lambda::EventSourceMapping', { BatchSize: 11 }),
    one('AWS::Lambda::EventSourceMapping', { ScalingConfig: { MaximumConcurrency: 1 } }),
  ],
  'a queue of the stack hides a message for longer than its function runs': [
    [
      ['AWS::SQS::Queue', { VisibilityTimeout: 30 }],
      ['AWS::Lambda::Function', { Timeout: 31 }],
      [
        'AWS::Lambda::EventSourceMapping',
        { EventSourceArn: `arn:${longestName('Resource0', 80)}`, FunctionName: longestName('Resource1', 64) },
      ],
    ],
  ],
  'a queue keeps messages for 14 days and hides them for 12 hours at most, and counts 1,000 receives': [
    one('AWS::SQS::Queue', { MessageRetentionPeriod: 1_209_601 }),
    one('AWS::SQS::Queue', { VisibilityTimeout: 43_201 }),
    one('AWS::SQS::Queue', { RedrivePolicy: { maxReceiveCount: 1001 } }),
  ],
  'the pattern of a rule has 2,048 characters at most, and a rule five targets': [
    one('AWS::Events::Rule', { EventPattern: long(2048) }),
    one('AWS::Events::Rule', { Targets: Array.from({ length: 6 }, () => ({})) }),
  ],
  'a bus has 30 rules with a wildcard at most': [
    times(31, 'AWS::Events::Rule', { EventPattern: { detail: { object: { key: [{ wildcard: 'a*b' }] } } } }),
  ],
  'a target is retried 185 times and for 24 hours at most': [
    one('AWS::Events::Rule', { Targets: [{ RetryPolicy: { MaximumRetryAttempts: 186 } }] }),
    one('AWS::Events::Rule', { Targets: [{ RetryPolicy: { MaximumEventAgeInSeconds: 86_401 } }] }),
  ],
  'a bus has 300 rules at most, and an event source is named once for a function': [
    times(301, 'AWS::Events::Rule', {}),
    times(2, 'AWS::Lambda::EventSourceMapping', { EventSourceArn: 'q', FunctionName: 'f' }),
  ],
  'the name of an alarm has 255 characters at most, no control characters, and is unique': [
    alarm({ AlarmName: long(256) }),
    alarm({ AlarmName: 'a\nb' }),
    times(2, 'AWS::CloudWatch::Alarm', { AlarmName: 'same' }),
  ],
  'an alarm has a description of 1,024 characters, five actions for each state and ten metrics at most': [
    alarm({ AlarmDescription: long(1025) }),
    alarm({ OKActions: Array.from({ length: 6 }, () => 'arn') }),
    alarm({ Metrics: Array.from({ length: 11 }, () => ({})) }),
  ],
  'an alarm looks at a day at most, or at a week by the hour': [
    alarm({ Period: 300, EvaluationPeriods: 289 }),
    alarm({ Period: 90 }),
    alarm({ EvaluationPeriods: 1, DatapointsToAlarm: 2 }),
  ],
  'a dimension has a name and a value in ASCII, of 255 and 1,024 characters at most': [
    dimension('purger', 'Site-Müller'),
    dimension('purger', long(1025)),
    dimension('purger', ' '),
  ],
  'the name of a dashboard has 255 letters, digits, - and _ at most': [
    one('AWS::CloudWatch::Dashboard', { DashboardName: 'Site-www.example.com', DashboardBody: '' }),
  ],
  'a dashboard has 500 widgets at most, none of which is empty or wider than the page': [
    dashboard({ type: 'alarm', width: 24, properties: { alarms: [] } }),
    dashboard({ type: 'metric', width: 8, properties: {} }),
    dashboard({ type: 'metric', width: 8, properties: { metrics: [] } }),
    dashboard({ type: 'text', x: 1, width: 24, properties: {} }),
  ],
  'the name of a log group has 512 letters, digits and ._-/# at most': [
    one('AWS::Logs::LogGroup', { LogGroupName: '/aws/my purger' }),
  ],
  'a metric filter has three dimensions at most, and a pattern of 1,024 characters': [
    one('AWS::Logs::MetricFilter', { FilterPattern: long(1025) }),
    one('AWS::Logs::MetricFilter', { MetricTransformations: [{ Dimensions: [1, 2, 3, 4] }] }),
  ],
};
