import { CfnOutput } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { CdnPurger } from '../cdn-purger.ts';

/**
 * Adds the outputs that a `PurgerStack` has: where purge messages wait and dead letters are, the tables, and what there is
 * for webhooks and S3.
 * @param scope the stack, whose outputs then have these names; or a construct in it, whose path comes before them
 * @param purger with all of its webhooks, buckets and topics
 */
export function addOutputs(scope: Construct, purger: CdnPurger): void {
  const add = (name: string, value: string | undefined, description: string) => {
    if (value !== undefined) new CfnOutput(scope, name, { value, description });
  };
  const { bufferQueue, deadLetterQueue, ledger, parked, journal } = purger;
  add('BufferQueueUrl', bufferQueue.queueUrl, 'The queue in which purge messages wait.');
  add('DeadLetterQueueUrl', deadLetterQueue.queueUrl, 'Holds what could not be purged, with the reason.');
  add('LedgerTableName', ledger.table.tableName, "The table with the rate limit's window.");
  add('ParkedTableName', parked.table.tableName, 'The table of what waits for tokens of the day.');
  add('JournalTableName', journal.table.tableName, 'The table of what happened to each purge.');
  const { webhookUrl, webhookDomainTarget, s3Queue, s3EventBusArn } = purger;
  add('WebhookUrl', webhookUrl, "Append a webhook's name to get the URL to enter in the CMS.");
  add('WebhookDomainTarget', webhookDomainTarget, 'What a CNAME of the domain has to point at.');
  add('S3QueueArn', s3Queue?.queueArn, 'The queue that buckets notify and topics send to.');
  add('S3EventBusArn', s3EventBusArn, "The event bus that other accounts send S3's events to.");
}
