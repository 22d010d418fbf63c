import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

const cloudWatch = new ServicePrincipal('cloudwatch.amazonaws.com');

/**
 * @returns a topic for alarms, encrypted, over TLS only. Its key is the stack's own: CloudWatch cannot publish to a
 *   topic under AWS's key `alias/aws/sns`, whose policy nobody can change.
 * @see https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
 */
export function createAlarmTopic(scope: Construct): Topic {
  const masterKey = new Key(scope, 'TopicKey', {
    description: 'cdn-pro-purger: encrypts the notifications of alarms',
    enableKeyRotation: true,
    // A notification lives for minutes; nothing is lost with the key.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  return new Topic(scope, 'Topic', { displayName: 'cdn-pro-purger', masterKey, enforceSSL: true });
}

/**
 * Lets alarms publish to a topic, and use its key if it has one. A topic with its own policy, such as one that requires
 * TLS, would otherwise refuse them unnoticed. To a topic or key that is imported, its owner has to add the statements.
 */
export function grantAlarmsPublish(topic: ITopic): void {
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(topic).account } };
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [cloudWatch],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions,
    }),
  );
  topic.masterKey?.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Alarms',
      principals: [cloudWatch],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      resources: ['*'],
      conditions,
    }),
  );
}
