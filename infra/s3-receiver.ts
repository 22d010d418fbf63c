import { Duration } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { MappingConfig } from '../functions/core/rules.ts';
import { environment } from '../functions/environment.ts';
import { mappingFile } from '../functions/mapping.ts';
import { grantSend, type Buffer as PurgeBuffer } from './buffer.ts';
import { PurgerFunction } from './lambda-function.ts';
import type { Monitoring } from './monitoring.ts';
import { watchS3Receiver } from './receiver-alarms.ts';

/** What the receivers are made of. */
export interface ReceiverProps {
  readonly mapping: MappingConfig;
  readonly buffer: PurgeBuffer;
  readonly monitoring: Monitoring;
}

/** Which objects of a bucket to watch. */
export interface WatchOptions {
  /** Only keys that begin with this. Default: all keys. */
  readonly prefix?: string;
}

/** Receives the changes of S3 buckets. */
export class S3Receiver extends Construct {
  readonly function: PurgerFunction;
  readonly #buffer: PurgeBuffer;
  #buckets = 0;

  constructor(scope: Construct, id: string, { mapping, buffer, monitoring }: ReceiverProps) {
    super(scope, id);
    this.#buffer = buffer;
    this.function = new PurgerFunction(this, 'Function', {
      name: 'receive-s3',
      description: 'cdn-pro-purger: turns changes of S3 objects into purge messages',
      timeout: Duration.minutes(1),
      memorySize: 256,
      files: { [mappingFile]: JSON.stringify(mapping) },
      environment: { [environment.bufferQueueUrl]: buffer.queue.queueUrl },
      onFailure: buffer.deadLetterQueue,
      protection: buffer.protection,
    });
    grantSend(buffer.queue, this.function);
    watchS3Receiver(monitoring, this.function, buffer);
  }

  /** Lets the bucket send its events to EventBridge, and those of the watched keys to this receiver. */
  watch(bucket: IBucket, { prefix }: WatchOptions): void {
    bucket.enableEventBridgeNotification();
    const object = prefix === undefined ? {} : { object: { key: [{ prefix }] } };
    this.#buckets++;
    this.#buffer.letEventBridgeSend();
    new Rule(this, `Bucket${this.#buckets}`, {
      description: 'cdn-pro-purger: objects that are put or deleted',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created', 'Object Deleted'],
        detail: { bucket: { name: [bucket.bucketName] }, ...object },
      },
      targets: [
        new LambdaFunction(this.function, {
          deadLetterQueue: this.#buffer.deadLetterQueue,
          maxEventAge: Duration.hours(24),
          retryAttempts: 185,
        }),
      ],
    });
  }
}
