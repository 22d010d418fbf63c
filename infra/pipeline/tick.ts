import { Duration, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { environment } from '../../functions/lambda/environment.ts';
import { eventSource, purgeEndedType } from '../../functions/tick/follow/purge-ended-event.ts';
import { PurgerFunction } from '../function/purger-function.ts';
import type { Monitoring } from '../monitoring/monitoring.ts';
import { watchPurges } from '../monitoring/purge-alarms.ts';
import { watchTick } from '../monitoring/tick-alarms.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { grantReadSecret, secretIdFor } from '../security/secrets.ts';
import { limitsOf } from '../settings/limits-settings.ts';
import { planningOf } from '../settings/planning-settings.ts';
import type { CompleteSettings } from '../settings/settings.ts';
import type { Journal } from '../storage/journal.ts';
import { grantWindow } from '../storage/ledger.ts';
import type { ParkedUrls } from '../storage/parked-urls.ts';
import { grantSend, type PurgeQueue } from '../storage/purge-queue.ts';
import { nameFor } from '../storage/shared-ledger.ts';
import type { Probe } from './probe.ts';
import { planningAdvice } from './submit.ts';

/** Options of {@link Tick}. */
export interface TickProps {
  readonly settings: CompleteSettings;
  readonly credentials: ISecret;
  readonly endpoint: string;
  /** The table with the limits. */
  readonly windowTable: ITable;
  readonly parked: ParkedUrls;
  readonly journal: Journal;
  readonly buffer: PurgeQueue;
  /** Undefined where nothing is probed. */
  readonly probe: Probe | undefined;
  readonly protection: DataProtection;
  readonly monitoring: Monitoring;
}

/** Less than a minute: a tick has ended before the next one begins. */
const timeout = Duration.seconds(50);

/** The function that releases what waits for tokens of the day and follows purges to their ends, each minute. */
export class Tick extends Construct {
  readonly function: PurgerFunction;
  readonly schedule: Rule;

  constructor(scope: Construct, id: string, props: TickProps) {
    super(scope, id);
    const { settings, credentials, endpoint, windowTable, parked, journal, ...rest } = props;
    const { buffer, probe, protection, monitoring } = rest;
    this.function = new PurgerFunction(this, 'Function', {
      name: 'tick',
      description:
        'cdn-pro-purger: releases what is parked as tokens of the day come back, and follows purges to their ends',
      timeout,
      memorySize: 512,
      environment: {
        [environment.bufferQueueUrl]: buffer.queue.queueUrl,
        [environment.deadLetterQueueUrl]: buffer.deadLetterQueue.queueUrl,
        [environment.parkedTable]: parked.table.tableName,
        [environment.journalTable]: journal.table.tableName,
        [environment.ledgerTableName]: nameFor(this, windowTable),
        [environment.credentialsSecretId]: secretIdFor(this, credentials),
        [environment.cdnProEndpoint]: endpoint,
        [environment.limits]: JSON.stringify(limitsOf(settings)),
        [environment.planning]: JSON.stringify(planningOf(settings)),
        ...probe?.environment,
      },
      protection,
      environmentAdvice: { ...planningAdvice, settings: `${planningAdvice.settings}, and \`probe\`` },
      isScheduled: true,
    });
    acknowledge(this.function, {
      'Serverless-LambdaAsyncFailureDestination':
        'A minute later comes the next event, which does the same; one that failed is worth nothing afterwards. `tick-errors` watches for failures.',
    });
    this.schedule = new Rule(this, 'Schedule', {
      description: 'cdn-pro-purger: each minute',
      schedule: Schedule.rate(Duration.minutes(1)),
      // What is released would wait in the purge queue, which keeps it for 14 days only.
      enabled: !settings.paused,
      targets: [new LambdaFunction(this.function, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    acknowledge(this.schedule, {
      'Serverless-EventBusDLQ':
        'A minute later comes the next event, which does the same; one that is not delivered is worth nothing afterwards.',
    });
    parked.grantRelease(this.function);
    journal.grantFollow(this.function);
    probe?.grantInvoke(this.function);
    this.#grantPutEvents();
    grantSend(buffer.queue, this.function);
    grantSend(buffer.deadLetterQueue, this.function);
    grantWindow(windowTable, this.function);
    grantReadSecret(credentials, this.function);
    watchTick(monitoring, this.function, settings.mode);
    watchPurges(monitoring);
  }

  /** Lets the function put the ends of purges onto the account's default bus, and nothing else. */
  #grantPutEvents(): void {
    const bus = { service: 'events', resource: 'event-bus', resourceName: 'default' };
    Grant.addToPrincipal({
      actions: ['events:PutEvents'],
      grantee: this.function,
      resourceArns: [Stack.of(this).formatArn(bus)],
      conditions: { StringEquals: { 'events:source': eventSource, 'events:detail-type': purgeEndedType } },
    });
  }
}
