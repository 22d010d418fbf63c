import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { describe, expect, test } from 'vitest';
import { CdnPurger } from '../../infra/cdn-purger.ts';
import { eventRulesOf, unbundledApp } from '../helpers/purger-stack.ts';

const rules = [{ match: { source: 's3' }, purge: { fileUrls: ['https://www.example.com/{+key}'] } }];
const configurationType = 'Custom::PurgerBucketConfiguration';

/** The template of a stack with the purgers that a test adds. */
function templateWith(add: (stack: Stack, purger: (id: string) => CdnPurger) => void): Template {
  const app = unbundledApp();
  const stack = new Stack(app, 'Mine');
  const credentials = Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
  add(stack, (id) => new CdnPurger(stack, id, { credentials, target: 'production', rules }));
  return Template.fromStack(stack);
}

/** For each resource that configures a bucket, the resources of a type that it waits for. */
function awaited(template: Template, type: string): (readonly [string, readonly string[]])[] {
  const wanted = new Set(Object.keys(template.findResources(type)));
  return Object.entries(template.findResources(configurationType)).map(([id, { DependsOn = [] }]) => [
    id,
    DependsOn.filter((each: string) => wanted.has(each)),
  ]);
}

test('a bucket sends to EventBridge when the rule and what lets it in are there, and not before', () => {
  const template = templateWith((stack, purger) =>
    purger('Purger').watchBucket(Bucket.fromBucketName(stack, 'Www', 'www'), { via: 'eventbridge' }),
  );
  const rule = eventRulesOf(template).map(([id]) => id);
  const policies = Object.keys(template.findResources('AWS::SQS::QueuePolicy')).filter(
    (id) => id.includes('Inbox') || id.includes('DeadLetterQueue'),
  );
  expect(rule).toHaveLength(1);
  expect(policies).toHaveLength(2);
  expect(awaited(template, 'AWS::Events::Rule')).toEqual([[expect.anything(), rule]]);
  const [{ DependsOn: awaitedByRule } = { DependsOn: [] }] = Object.values(
    template.findResources('AWS::Events::Rule', { Properties: { EventPattern: Match.anyValue() } }),
  );
  expect(awaitedByRule).toEqual(expect.arrayContaining(policies));
});

test('rules of a bucket of the stack are waited for, too, whose own resource comes later', () => {
  const template = templateWith((stack, purger) => {
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    const bucket = new Bucket(stack, 'Site') as IBucket;
    const watching = purger('Purger');
    watching.watchBucket(bucket, { prefix: 'a/' });
    watching.watchBucket(bucket, { prefix: 'b/', via: 'notification' });
    watching.watchBucket(bucket, { prefix: 'c/' });
  });
  const rules = eventRulesOf(template).map(([id]) => id);
  expect(rules).toHaveLength(2);
  expect(awaited(template, 'AWS::Events::Rule')).toEqual([[expect.anything(), rules.sort()]]);
});

test('two purgers of a stack configure a bucket one after the other, however it is imported', () => {
  const template = templateWith((stack, purger) => {
    purger('P1').watchBucket(Bucket.fromBucketName(stack, 'B1', 'www'), {
      prefix: 'a/',
      via: 'notification',
    });
    purger('P2').watchBucket(Bucket.fromBucketName(stack, 'B2', 'www'), {
      prefix: 'b/',
      via: 'notification',
    });
    purger('P3').watchBucket(Bucket.fromBucketName(stack, 'B3', 'media'), { via: 'notification' });
  });
  const [first, second, third] = Object.keys(template.findResources(configurationType));
  expect(awaited(template, configurationType)).toEqual([
    [first, []],
    [second, [first]],
    [third, []],
  ]);
});

test('where one purger notifies, another leaves EventBridge to its resource: CloudFormation would write over it', () => {
  const template = templateWith((stack, purger) => {
    const bucket = new Bucket(stack, 'Site') as IBucket;
    purger('P1').watchBucket(bucket, { prefix: 'a/' });
    purger('P2').watchBucket(bucket, { prefix: 'b/', via: 'notification' });
  });
  const [site] = Object.values(template.findResources('AWS::S3::Bucket'));
  expect(site?.Properties?.NotificationConfiguration).toBeUndefined();
  const resources = Object.values(template.findResources(configurationType));
  expect(resources).toHaveLength(1);
  const text = JSON.stringify(resources[0]?.Properties.Configuration).replaceAll('\\', '');
  expect(text).toContain('"eventBridge":true');
});

describe('a bucket of the app that purgers of two stacks watch', () => {
  const watchedBy = (...ways: readonly ('eventbridge' | 'notification')[]) => {
    const app = unbundledApp();
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    const bucket = new Bucket(new Stack(app, 'Store'), 'Site') as IBucket;
    for (const [index, via] of ways.entries()) {
      const stack = new Stack(app, `Purging${index}`);
      const credentials = Secret.fromSecretNameV2(stack, 'CdnPro', 'cdn-pro/api');
      new CdnPurger(stack, 'Purger', { credentials, target: 'production', rules }).watchBucket(bucket, {
        via,
      });
    }
    return () => app.synth();
  };

  test.each([['eventbridge', 'notification'] as const, ['notification', 'eventbridge'] as const])(
    'is watched in one way, since its own template would write over notifications: %s and %s',
    (one, other) => {
      expect(watchedBy(one, other)).toThrow(/to be watched in one way by the stacks Purging\d and Purging\d/);
    },
  );

  test.each(['eventbridge', 'notification'] as const)('may be watched by both by %s', (via) => {
    expect(watchedBy(via, via)).not.toThrow();
  });
});
