import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');

/**
 * @returns a topic for alarms, encrypted, over TLS only. Its key is the stack's own: CloudWatch cannot publish to a
 *   topic under AWS's key `alias/aws/sns`, whose policy nobody can change.
 * @see https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
 */
export function createAlarmTopic(scope: Construct): Topic {
  const onlyFromHere = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } };
  const key = new Key(scope, 'TopicKey', {
    description: 'cdn-pro-purger: encrypts the notifications of alarms',
    enableKeyRotation: true,
    // A notification lives for minutes; nothing is lost with the key.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [cloudWatch],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: onlyFromHere,
    }),
  );
  const topic = new Topic(scope, 'Topic', {
    displayName: 'cdn-pro-purger',
    masterKey: key,
    enforceSSL: true,
  });
  // A policy of its own takes the place of the one that lets the account publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [cloudWatch],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: onlyFromHere,
    }),
  );
  return topic;
}
