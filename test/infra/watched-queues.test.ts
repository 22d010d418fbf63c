import { Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import { expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { unbundledApp } from '../helpers/purger-stack.ts';
import { sampleConfig } from '../helpers/sample-config.ts';

const queueArn = 'arn:aws:sqs:eu-west-1:111122223333:changes';

/** A stack with a purger that watches queues of these ARNs. */
function watching(app: ReturnType<typeof unbundledApp>, id: string, ...arns: readonly string[]): Stack {
  const stack = new Stack(app, id);
  const purger = new CdnPurger(stack, 'Purger', {
    credentials: Secret.fromSecretNameV2(stack, 'CdnPro', `cdn-pro/${id}`),
    target: 'production',
    rules: sampleConfig.rules.filter(({ match }) => match.source === 's3'),
  });
  for (const [index, arn] of arns.entries())
    purger.watchQueue(Queue.fromQueueArn(stack, `Queue${index}`, arn) as IQueue);
  return stack;
}

const warningsOf = (stack: Stack) =>
  Annotations.fromStack(stack)
    .findWarning('*', Match.anyValue())
    .map(({ entry }) => String(entry.data))
    .filter((text) => text.includes('cdn-pro-purger:queue-shared'));

test('a queue that two purgers empty is warned of, since each change reaches one of them', () => {
  const app = unbundledApp();
  const one = watching(app, 'One', queueArn);
  const other = watching(app, 'Other', `${queueArn}-of-other`, queueArn);
  expect(warningsOf(one)).toEqual([]);
  expect(warningsOf(other)).toEqual([
    expect.stringMatching(/^The queue Other\/Queue1 is emptied by One\/Purger\/ReceiveS3, too: /),
  ]);
});

test('a queue that one purger is given twice is refused in words', () => {
  expect(() => watching(unbundledApp(), 'One', queueArn, queueArn)).toThrow(
    /`queues`: expected each queue once, got One\/Queue1 twice: watch it without a filter/,
  );
});
