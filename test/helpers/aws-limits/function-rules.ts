import { longestName, type RenderedResource } from './rendered.ts';
import { type AwsRule, bytesOf, each, field, groupedBy, listAt, numberAt, textAt } from './rule.ts';

const lambda = 'https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html';
const events = 'https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html';
const sqsSource = 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html';

/** What functions, their event sources and rules may say. */
export const functionRules: readonly AwsRule[] = [
  {
    name: 'the environment of a function has 4,096 bytes at most, measured as JSON',
    page: lambda,
    broken: each('AWS::Lambda::Function', (fn) => bytesOf(field(fn, 'Environment.Variables') ?? {}) > 4096),
  },
  {
    name: 'no variable has a name that Lambda keeps for itself',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html',
    broken: each('AWS::Lambda::Function', (fn) =>
      Object.keys((field(fn, 'Environment.Variables') ?? {}) as object).some(
        (name) => !/^[A-Za-z]\w+$/.test(name) || /^AWS_(?!NODEJS_CONNECTION_REUSE)|^_/.test(name),
      ),
    ),
  },
  {
    name: 'no variable has a part of the ARN of a secret',
    page: 'https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen',
    broken: each('AWS::Lambda::Function', (fn) => {
      const text = JSON.stringify(field(fn, 'Environment.Variables') ?? {});
      return [...text.matchAll(/:secret:[\w/+=.@!-]+/g)].some(([arn]) => !/-[A-Za-z0-9]{6}$/.test(arn));
    }),
  },
  {
    name: 'a function has a description of 256 characters at most, a timeout of 15 minutes and 128 to 10,240 MB',
    page: 'https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html',
    broken: each(
      'AWS::Lambda::Function',
      (fn) =>
        textAt(fn, 'Description').length > 256 ||
        numberAt(fn, 'Timeout', 3) > 900 ||
        numberAt(fn, 'MemorySize', 128) < 128 ||
        numberAt(fn, 'MemorySize', 128) > 10_240,
    ),
  },
  {
    name: 'a batch of more than ten has a window, and at least two executions',
    page: sqsSource,
    broken: each('AWS::Lambda::EventSourceMapping', (mapping) => {
      const batch = numberAt(mapping, 'BatchSize', 10);
      const window = numberAt(mapping, 'MaximumBatchingWindowInSeconds');
      const concurrency = numberAt(mapping, 'ScalingConfig.MaximumConcurrency', 2);
      return (
        batch > 10_000 || (batch > 10 && window < 1) || window > 300 || concurrency < 2 || concurrency > 1000
      );
    }),
  },
  {
    name: 'a queue of the stack hides a message for longer than its function runs',
    page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html',
    broken: (resources) => {
      const byArn = new Map(resources.map((resource) => [arnEndOf(resource), resource] as const));
      return each('AWS::Lambda::EventSourceMapping', (mapping) => {
        const queue = byArn.get(textAt(mapping, 'EventSourceArn').split(':').at(-1) ?? '');
        const fn = byArn.get(textAt(mapping, 'FunctionName'));
        if (queue === undefined || fn === undefined) return false;
        return numberAt(queue, 'VisibilityTimeout', 30) < numberAt(fn, 'Timeout', 3);
      })(resources);
    },
  },
  {
    name: 'a queue keeps messages for 14 days and hides them for 12 hours at most, and counts 1,000 receives',
    page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html',
    broken: each(
      'AWS::SQS::Queue',
      (queue) =>
        numberAt(queue, 'MessageRetentionPeriod', 60) > 1_209_600 ||
        numberAt(queue, 'VisibilityTimeout') > 43_200 ||
        numberAt(queue, 'RedrivePolicy.maxReceiveCount', 1) > 1000,
    ),
  },
  {
    name: 'the pattern of a rule has 2,048 characters at most, and a rule five targets',
    page: events,
    broken: each(
      'AWS::Events::Rule',
      (rule) =>
        bytesOf(field(rule, 'EventPattern') ?? {}) > 2048 ||
        listAt(rule, 'Targets').length > 5 ||
        textAt(rule, 'Description').length > 512,
    ),
  },
  {
    name: 'a bus has 30 rules with a wildcard at most',
    page: events,
    broken: (resources) =>
      groupedBy(
        resources.filter((each) =>
          JSON.stringify(field(each, 'EventPattern') ?? '').includes('{"wildcard":'),
        ),
        'AWS::Events::Rule',
        (rule) => field(rule, 'EventBusName') ?? 'default',
      ).flatMap(([bus, rules]) => (rules.length > 30 ? [bus] : [])),
  },
  {
    name: 'a target is retried 185 times and for 24 hours at most',
    page: 'https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html',
    broken: each('AWS::Events::Rule', (rule) =>
      listAt(rule, 'Targets').some((target) => {
        const retry = { properties: target as Record<string, unknown> };
        const [attempts, seconds] = ['MaximumRetryAttempts', 'MaximumEventAgeInSeconds'].map((name) =>
          Number(field(retry, `RetryPolicy.${name}`) ?? 60),
        );
        return (attempts ?? 0) > 185 || (seconds ?? 0) < 60 || (seconds ?? 0) > 86_400;
      }),
    ),
  },
  {
    name: 'a bus has 300 rules at most, and an event source is named once for a function',
    page: events,
    broken: (resources) => [
      ...groupedBy(
        resources,
        'AWS::Events::Rule',
        (rule) => field(rule, 'EventBusName') ?? 'default',
      ).flatMap(([bus, rules]) => (rules.length > 300 ? [bus] : [])),
      ...groupedBy(resources, 'AWS::Lambda::EventSourceMapping', (mapping) => [
        field(mapping, 'EventSourceArn'),
        field(mapping, 'FunctionName'),
      ]).flatMap(([source, mappings]) => (mappings.length > 1 ? [source] : [])),
    ],
  },
];

/** What an ARN of a resource, or a reference to it, ends with. */
function arnEndOf({ id, type }: RenderedResource): string {
  return longestName(id, type === 'AWS::SQS::Queue' ? 80 : 64);
}
