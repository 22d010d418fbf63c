import { Duration } from 'aws-cdk-lib';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { CompleteSettings } from '../functions/core/config.ts';
import { requestsInWindow } from '../functions/core/throttle.ts';
import { environment } from '../functions/environment.ts';
import { mappingFile } from '../functions/mapping.ts';
import { Buffer } from './buffer.ts';
import { PurgerFunction } from './lambda-function.ts';
import type { Ledger } from './ledger.ts';
import type { Monitoring } from './monitoring.ts';
import { watchSubmit } from './submit-alarms.ts';

/** What {@link Submit} is made of. */
export interface SubmitProps {
  readonly settings: CompleteSettings;
  readonly credentials: ISecret;
  readonly endpoint: string;
  readonly ledger: Ledger;
  readonly monitoring: Monitoring;
}

/** Long enough to wait for most of a rate limit's window inside one invocation. */
const timeout = Duration.minutes(5);

/** The throttled consumer with the buffer it empties. */
export class Submit extends Construct {
  readonly buffer: Buffer;
  readonly function: PurgerFunction;

  constructor(
    scope: Construct,
    id: string,
    { settings, credentials, endpoint, ledger, monitoring }: SubmitProps,
  ) {
    super(scope, id);
    const window = Duration.seconds(settings.batchingWindowSeconds);
    this.buffer = new Buffer(this, 'Buffer', {
      // A message is in hand while its batch gathers and while the function runs; then some, for the poller.
      visibilityTimeout: Duration.seconds(timeout.toSeconds() + window.toSeconds() + 30),
    });
    const { queue, deadLetterQueue } = this.buffer;
    const { maxFileUrls, maxBodyBytes } = settings;
    this.function = new PurgerFunction(this, 'Function', {
      name: 'submit',
      description: 'cdn-pro-purger: turns what waits in the buffer into purge requests to CDN Pro',
      timeout,
      memorySize: 512,
      // For S3 events that come back from the dead letter queue.
      files: { [mappingFile]: JSON.stringify({ target: settings.target, rules: settings.rules }) },
      environment: {
        [environment.bufferQueueUrl]: queue.queueUrl,
        [environment.deadLetterQueueUrl]: deadLetterQueue.queueUrl,
        [environment.ledgerTableName]: ledger.table.tableName,
        [environment.credentialsSecretId]: credentials.secretArn,
        [environment.cdnProEndpoint]: endpoint,
        [environment.rateLimit]: JSON.stringify(settings.rateLimit),
        [environment.requestLimits]: JSON.stringify({ maxFileUrls, maxBodyBytes, ...coalescing(settings) }),
      },
    });
    this.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 10_000,
        maxBatchingWindow: window,
        // The least there is. The rate limit is held by the ledger, not by concurrency.
        maxConcurrency: 2,
        reportBatchItemFailures: true,
        enabled: !settings.paused,
      }),
    );
    queue.grantSendMessages(this.function);
    deadLetterQueue.grantSendMessages(this.function);
    ledger.table.grant(this.function, 'dynamodb:GetItem', 'dynamodb:PutItem');
    credentials.grantRead(this.function);
    watchSubmit(monitoring, { function: this.function, buffer: this.buffer, settings });
  }
}

/** What the function needs to know of coalescing; nothing where it is off. */
function coalescing({ coalesce, rateLimit, freshnessSeconds }: CompleteSettings) {
  if (coalesce === undefined) return {};
  const { siblings, minDepth, when } = coalesce;
  const inTime = (requestsInWindow(rateLimit) * freshnessSeconds) / rateLimit.perSeconds;
  return {
    coalesce: { siblings, minDepth },
    ...(when === 'always' ? {} : { coalesceAbove: Math.max(1, Math.floor(inTime)) }),
  };
}
