import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { type IQueue, Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct, IConstruct } from 'constructs';
import { type MetricMethods, PurgerMetrics } from './monitoring/purger-metrics.ts';

/** A purger, of this app or another. */
export interface ICdnPurger extends IConstruct, MetricMethods {
  /** Its name in the dimension `purger` of its metrics; the names of its alarms begin with it. */
  readonly purgerName: string;
  /** The buffer in which purge messages wait. */
  readonly bufferQueue: IQueue;
  /**
   * Lets a grantee have something purged, by messages that `purgeMessages` of `cdn-pro-purger/purge-messages` writes, in
   * the queue `bufferQueue`.
   */
  grantPurge(grantee: IGrantable): Grant;
}

/** What purgers of this app and of others have in common. */
export abstract class PurgerBase extends PurgerMetrics implements ICdnPurger {
  abstract readonly bufferQueue: IQueue;

  grantPurge(grantee: IGrantable): Grant {
    return this.bufferQueue.grantSendMessages(grantee);
  }
}

/** What is known of a purger of another stack. */
export interface CdnPurgerAttributes {
  /** The ARN of its `bufferQueue`. */
  readonly bufferQueueArn: string;
  /** Its `purgerName`. */
  readonly purgerName: string;
  /**
   * The ARN of the key that encrypts the queue.
   * @default - SQS's own key
   */
  readonly encryptionKeyArn?: string;
}

/** A purger of another stack. */
export class ImportedPurger extends PurgerBase {
  readonly purgerName: string;
  readonly bufferQueue: IQueue;

  constructor(scope: Construct, id: string, attributes: CdnPurgerAttributes) {
    super(scope, id);
    const { bufferQueueArn: queueArn, purgerName, encryptionKeyArn: keyArn } = attributes;
    this.purgerName = purgerName;
    const queue = { queueArn, ...(keyArn === undefined ? {} : { keyArn }) };
    this.bufferQueue = Queue.fromQueueAttributes(this, 'BufferQueue', queue);
  }
}
