import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';

/*
 * Statements for the policy of the customer's key, for services that act without a role. They name accounts, never
 * queues, topics, log groups or buses, since these may depend on the key. To a key that is imported, its owner has to add
 * the statements: see `docs/security.md`.
 */

/**
 * Lets CloudWatch Logs encrypt log groups in the key's account and region.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export function grantLogsUse(key: IKey): void {
  const { partition, region, account, urlSuffix } = Stack.of(key);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'CloudWatchLogs',
      principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
      actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*`,
        },
      },
    }),
  );
}

/**
 * Lets EventBridge put what it cannot deliver into queues, whose policies say for whom. Without a condition, as AWS
 * documents it: whether EventBridge names its account to KMS is not, and what it cannot deliver would be lost.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html#compatibility-with-aws-services
 */
export function grantEventBridgeSend(key: IKey): void {
  grantSend(key, 'SendEvents', 'events.amazonaws.com');
}

/**
 * Lets EventBridge encrypt buses in the key's account and region, and their rules.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-encryption-event-bus-cmkey.html
 */
export function grantBusesUse(key: IKey): void {
  const { partition, region, account } = Stack.of(key);
  key.addToResourcePolicy(
    new PolicyStatement({
      sid: 'EventBuses',
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      resources: ['*'],
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: {
          'kms:EncryptionContext:aws:events:event-bus:arn': `arn:${partition}:events:${region}:${account}:event-bus/*`,
        },
      },
    }),
  );
}

/**
 * Lets buckets notify queues.
 * @param account that of the buckets
 */
export function grantBucketsSend(key: IKey, account: string): void {
  const conditions = { StringEquals: { 'aws:SourceAccount': account } };
  grantSend(key, sidFor(key, 'SendS3', account), 's3.amazonaws.com', conditions);
}

/**
 * Lets topics send to queues. SNS passes the topic to KMS.
 * @param account that of the topics
 * @see https://github.com/aws/aws-cdk/issues/20339
 */
export function grantTopicsSend(key: IKey, account: string): void {
  const conditions = { ArnLike: { 'aws:SourceArn': `arn:${Stack.of(key).partition}:sns:*:${account}:*` } };
  grantSend(key, sidFor(key, 'SendSns', account), 'sns.amazonaws.com', conditions);
}

function sidFor(key: IKey, name: string, account: string): string {
  return account === Stack.of(key).account ? name : `${name}${account}`;
}

function grantSend(key: IKey, sid: string, service: string, conditions: Record<string, unknown> = {}): void {
  key.addToResourcePolicy(
    new PolicyStatement({
      sid,
      principals: [new ServicePrincipal(service)],
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: ['*'],
      conditions,
    }),
  );
}
