import { Duration } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { mappingFile } from '../../functions/lambda/bundled-rules.ts';
import { environment } from '../../functions/lambda/environment.ts';
import { PurgerFunction } from '../function/purger-function.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { watchSubmit } from '../monitoring/submit-alarms.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { grantReadSecret, secretIdFor } from '../security/secrets.ts';
import { limitsOf } from '../settings/limits-settings.ts';
import { planningOf } from '../settings/planning-settings.ts';
import { type CompleteSettings, mappingOf } from '../settings/settings.ts';
import type { Journal } from '../storage/journal.ts';
import { grantWindow } from '../storage/ledger.ts';
import type { ParkedUrls } from '../storage/parked-urls.ts';
import { grantSend, PurgeQueue } from '../storage/purge-queue.ts';
import { nameFor } from '../storage/shared-ledger.ts';
import { hasFeature } from './region-features.ts';

/** Options of {@link Submit}. */
export interface SubmitProps {
  readonly settings: CompleteSettings;
  readonly credentials: ISecret;
  readonly endpoint: string;
  /** The table with the rate limit's window. */
  readonly windowTable: ITable;
  readonly parked: ParkedUrls;
  readonly journal: Journal;
  readonly protection: DataProtection;
  readonly monitoring: Monitoring;
}

/** Of all settings, those that make the environments of `submit` and `tick` long. */
export const planningAdvice = {
  settings: '`coalesce`, `convertInShortage`, `cacheKey` and `quota`',
  advice: 'name fewer prefixes, hosts and parameters',
};

/** Long enough to wait for most of a rate limit's window inside one invocation. */
const timeout = Duration.minutes(5);

/** The throttled consumer and the queue that it consumes. */
export class Submit extends Construct {
  readonly buffer: PurgeQueue;
  readonly function: PurgerFunction;
  /** Brings what waits to the function. */
  readonly eventSource: SqsEventSource;

  constructor(scope: Construct, id: string, props: SubmitProps) {
    super(scope, id);
    const { settings, credentials, endpoint, windowTable, parked, journal, protection, monitoring } = props;
    const window = Duration.seconds(settings.batchingWindowSeconds);
    this.buffer = new PurgeQueue(this, 'Buffer', {
      // A poller tries a throttled invocation again for as long as its messages are in flight, without another receive:
      // https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds() + window.toSeconds()),
      protection,
    });
    const { queue, deadLetterQueue } = this.buffer;
    this.function = new PurgerFunction(this, 'Function', {
      name: 'submit',
      description: 'cdn-pro-purger: turns what waits in the buffer into purge requests to CDN Pro',
      timeout,
      memorySize: 512,
      // For S3 events that come back from the dead letter queue.
      files: { [mappingFile]: JSON.stringify(mappingOf(settings)) },
      environment: {
        [environment.bufferQueueUrl]: queue.queueUrl,
        [environment.deadLetterQueueUrl]: deadLetterQueue.queueUrl,
        [environment.ledgerTableName]: nameFor(this, windowTable),
        [environment.parkedTable]: parked.table.tableName,
        [environment.journalTable]: journal.table.tableName,
        [environment.credentialsSecretId]: secretIdFor(this, credentials),
        [environment.cdnProEndpoint]: endpoint,
        [environment.limits]: JSON.stringify(limitsOf(settings)),
        [environment.planning]: JSON.stringify(planningOf(settings)),
        ...(settings.mode === 'observe' && { [environment.mode]: settings.mode }),
      },
      protection,
      environmentAdvice: {
        settings: `${planningAdvice.settings}, and the filters of \`topics\` and \`queues\``,
        advice: `${planningAdvice.advice}, or leave the filters out, and let the rules choose`,
      },
      // Waiting messages are requeued into the function's own queue. After 16 rounds Lambda would take that for an endless
      // loop and move them into the dead letter queue: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
      ...(hasFeature(this, 'recursiveLoop') ? { recursiveLoop: RecursiveLoop.ALLOW } : {}),
    });
    this.eventSource = new SqsEventSource(queue, {
      batchSize: 10_000,
      maxBatchingWindow: window,
      // The minimum of Lambda. The ledger keeps the rate limit, not the concurrency.
      maxConcurrency: 2,
      reportBatchItemFailures: true,
      enabled: !settings.paused,
    });
    this.function.addEventSource(this.eventSource);
    acknowledge(this.function, {
      'Serverless-LambdaEventSourceMappingDestination':
        'A destination is for streams. Each message that fails here returns to the queue, and after ten times goes to its dead letter queue.',
    });
    grantSend(queue, this.function);
    grantSend(deadLetterQueue, this.function);
    grantWindow(windowTable, this.function);
    parked.grantPark(this.function);
    grantReadSecret(credentials, this.function);
    journal.grantRecord(this.function);
    watchSubmit(monitoring, { function: this.function, buffer: this.buffer, settings });
  }
}
