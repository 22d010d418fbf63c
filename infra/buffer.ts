import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** How long SQS keeps a message at most, which leaves two weekends to mend what is wrong. */
const retention = Duration.days(14);

/** The buffer: the queue in which purge messages wait, and the dead letter queue behind it. */
export class Buffer extends Construct {
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;

  /** @param visibilityTimeout how long a message in hand is hidden from other consumers */
  constructor(scope: Construct, id: string, { visibilityTimeout }: { readonly visibilityTimeout: Duration }) {
    super(scope, id);
    this.deadLetterQueue = new Queue(this, 'DeadLetterQueue', {
      retentionPeriod: retention,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
    });
    this.queue = new Queue(this, 'Queue', {
      visibilityTimeout,
      retentionPeriod: retention,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Waiting for the rate limit uses up no receives; these are for consumers that crash.
      deadLetterQueue: { queue: this.deadLetterQueue, maxReceiveCount: 10 },
    });
  }
}
