import { CfnEventBus, EventBus } from 'aws-cdk-lib/aws-events';
import { AccountPrincipal, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { letBusesUse } from '../security/key-policy.ts';
import type { PurgeQueue as PurgeBuffer } from '../storage/purge-queue.ts';

/** @returns a bus for S3's events of other accounts, which a key of the customer encrypts where there is one */
export function createBus(
  scope: Construct,
  id: string,
  { deadLetterQueue, protection }: PurgeBuffer,
): EventBus {
  const description = 'cdn-pro-purger: S3 events of other accounts';
  const { encryptionKey } = protection;
  if (encryptionKey === undefined) return new EventBus(scope, id, { description });
  // Where the key fails, EventBridge does not try again.
  const bus = new EventBus(scope, id, { description, deadLetterQueue });
  const resource = bus.node.defaultChild;
  // CDK's `kmsKey` would add a statement of its own to the key's policy.
  if (resource instanceof CfnEventBus) resource.kmsKeyIdentifier = encryptionKey.keyArn;
  letBusesUse(encryptionKey);
  deadLetterQueue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('events.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [deadLetterQueue.queueArn],
      conditions: { ArnEquals: { 'aws:SourceArn': bus.eventBusArn } },
    }),
  );
  return bus;
}

/** Lets another account put its events into a bus; once for each account. */
export function grantPutEvents(bus: EventBus, account: string): void {
  bus.addToResourcePolicy(
    new PolicyStatement({
      sid: `PutEvents${account}`,
      principals: [new AccountPrincipal(account)],
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
    }),
  );
}
