import { Aws, Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AlarmStatusWidget,
  Color,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  PeriodOverride,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { MetricName } from '../../functions/lambda/metric-names.ts';
import type { FunctionName } from '../function/bundle.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import type { MetricOptions, Monitoring } from './monitoring.ts';
import type { S3Queue } from './receiver-alarms.ts';
import { addS3Queue, s3QueuesWidget, webhookApiWidget } from './source-widgets.ts';
import type { Watched } from './submit-alarms.ts';

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
const third = { width: 8, height: 6 };

/** One dashboard that shows whether content is fresh, and if not, where it is delayed. */
export class PurgerDashboard extends Construct {
  readonly #monitoring: Monitoring;
  readonly #watched: Watched;
  readonly #dashboard: Dashboard;
  #s3Queues: GraphWidget | undefined;
  readonly #receivers = new GraphWidget({ ...third, title: 'Changes not purged', left: [] });
  readonly #errors = new GraphWidget({ ...third, title: 'Errors and throttles of functions', left: [] });

  constructor(scope: Construct, id: string, monitoring: Monitoring, watched: Watched) {
    super(scope, id);
    this.#monitoring = monitoring;
    this.#watched = watched;
    this.#dashboard = new Dashboard(this, 'Dashboard', {
      // A dashboard's name is unique in an account, a stack's only in each region.
      dashboardName: `${monitoring.purgerName}-${Aws.REGION}`,
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.INHERIT,
    });
    this.#dashboard.addWidgets(this.#title());
    this.#dashboard.addWidgets(
      new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 4, alarms: monitoring.alarms }),
    );
    this.#dashboard.addWidgets(...this.#numbers());
    this.#dashboard.addWidgets(this.#freshness(), this.#backlog(), this.#budget());
    this.#dashboard.addWidgets(this.#changes(), this.#requests(), this.#grouping());
    this.#dashboard.addWidgets(this.#deadLetters(), this.#errors, this.#receivers);
    this.#addErrors('submit', watched.function);
  }

  /** Shows a receiver's errors, and the changes that it could not use. */
  addReceiver(service: 'receive-s3' | 'receive-webhook', fn: PurgerFunction): void {
    this.#addErrors(service, fn);
    for (const name of [
      'ChangesUnmatched',
      'RefusedUrls',
      'EventsNotUnderstood',
      'ChangesNotQueued',
    ] as const) {
      const label = `${name} (${service})`;
      this.#receivers.addLeftMetric(
        this.#monitoring.metric(service, name, { statistic: 'Sum', period: fiveMinutes, label }),
      );
    }
  }

  /** Shows how often a webhook fails verification. */
  addWebhook(webhook: string): void {
    const options = {
      statistic: 'Sum',
      period: fiveMinutes,
      label: `WebhooksUnverified (${webhook})`,
    } as const;
    this.#receivers.addLeftMetric(
      this.#monitoring.metric('receive-webhook', 'WebhooksUnverified', options, { webhook }),
    );
  }

  /** Shows the messages in a queue before `receive-s3`, in a row that exists only with such a queue. */
  addS3Queue(queue: S3Queue): void {
    if (this.#s3Queues === undefined) {
      this.#s3Queues = s3QueuesWidget();
      this.#dashboard.addWidgets(this.#s3Queues);
    }
    addS3Queue(this.#s3Queues, queue);
  }

  /** Shows how the API answers webhooks: see {@link webhookApiWidget}. */
  addWebhookApi(api: HttpApi, countsThrottled: boolean): void {
    this.#dashboard.addWidgets(webhookApiWidget(this.#monitoring, api, countsThrottled));
  }

  #addErrors(service: FunctionName, fn: PurgerFunction): void {
    const options = { statistic: 'Sum', period: fiveMinutes };
    this.#errors.addLeftMetric(fn.metricErrors({ ...options, label: `${service} errors` }));
    this.#errors.addLeftMetric(fn.metricThrottles({ ...options, label: `${service} throttles` }));
  }

  #metric(name: MetricName, statistic: MetricOptions['statistic'], label: string = name, period = minute) {
    return this.#monitoring.metric('submit', name, { statistic, period, label });
  }

  #title(): TextWidget {
    const { paused, target, freshnessSeconds } = this.#watched.settings;
    const state = paused
      ? '**Submission is paused by the configuration: changes wait in the purge queue.**'
      : `Purges ${target}; a change should be purged within ${freshnessSeconds} s.`;
    return new TextWidget({ width: 24, height: 2, markdown: `# ${this.#monitoring.purgerName}\n${state}` });
  }

  #numbers(): SingleValueWidget[] {
    const { queue, deadLetterQueue } = this.#watched.buffer;
    const latest = { statistic: 'Maximum', period: minute };
    const numbers: readonly [string, IMetric][] = [
      ['Freshness, p99 of 5 min (s)', this.#metric('FreshnessSeconds', 'p99', 'p99', fiveMinutes)],
      ['Oldest message (s)', queue.metricApproximateAgeOfOldestMessage(latest)],
      ['Messages waiting', queue.metricApproximateNumberOfMessagesVisible(latest)],
      ['Budget used (%)', this.#metric('BudgetUsedPercent', 'Maximum', 'used')],
      ['URLs per request', this.#urlsPerRequest(fiveMinutes)],
      ['Dead letters', deadLetterQueue.metricApproximateNumberOfMessagesVisible(latest)],
    ];
    return numbers.map(
      ([title, metric]) =>
        new SingleValueWidget({ title, metrics: [metric], width: 4, height: 3, sparkline: true }),
    );
  }

  #freshness(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: 'Freshness: from the change to its purge',
      left: [
        this.#metric('FreshnessSeconds', 'p50', 'p50'),
        this.#metric('FreshnessSeconds', 'p99', 'p99'),
        this.#metric('WaitingSeconds', 'Maximum', 'requeued, oldest'),
      ],
      leftYAxis: { label: 's', min: 0, showUnits: false },
      leftAnnotations: [
        { value: this.#watched.settings.freshnessSeconds, label: 'freshnessSeconds', color: Color.RED },
      ],
    });
  }

  #backlog(): GraphWidget {
    const { queue } = this.#watched.buffer;
    const options = { statistic: 'Maximum', period: minute };
    return new GraphWidget({
      ...third,
      title: 'Backlog',
      left: [
        queue.metricApproximateNumberOfMessagesVisible({ ...options, label: 'waiting' }),
        queue.metricApproximateNumberOfMessagesDelayed({ ...options, label: 'delayed' }),
        queue.metricApproximateNumberOfMessagesNotVisible({ ...options, label: 'in flight' }),
      ],
      right: [queue.metricApproximateAgeOfOldestMessage({ ...options, label: 'oldest (s)' })],
      leftYAxis: { min: 0, showUnits: false },
      rightYAxis: { min: 0, showUnits: false },
    });
  }

  #budget(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: "Budget: used share of the rate limit's window",
      left: [this.#metric('BudgetUsedPercent', 'Maximum', 'used')],
      leftYAxis: { label: '%', min: 0, max: 100, showUnits: false },
      leftAnnotations: [{ value: 80, color: Color.ORANGE }],
    });
  }

  /** A message is one change, so SQS counts changes; requeued messages are subtracted. */
  #changes(): GraphWidget {
    const { queue } = this.#watched.buffer;
    const sent = queue.metricNumberOfMessagesSent({ statistic: 'Sum', period: minute });
    const changes = new MathExpression({
      expression: 'sent - FILL(back, 0)',
      usingMetrics: { sent, back: this.#metric('MessagesGivenBack', 'Sum') },
      period: minute,
      label: 'changes queued',
    });
    return new GraphWidget({
      ...third,
      title: 'Changes in, URLs out',
      left: [changes, this.#metric('EntriesPurged', 'Sum', 'URLs purged')],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  #requests(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: "Requests out, by CDN Pro's answer",
      stacked: true,
      left: [
        this.#metric('RequestsAccepted', 'Sum', 'accepted'),
        this.#metric('RequestsRefused', 'Sum', 'refused'),
        this.#metric('RequestsThrottled', 'Sum', 'throttled'),
        this.#metric('RequestsUnavailable', 'Sum', 'no answer'),
        this.#metric('CredentialsRefused', 'Sum', 'credentials refused'),
      ],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  #grouping(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: 'Grouping: URLs per request',
      left: [this.#urlsPerRequest(minute)],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  #urlsPerRequest(period: Duration): MathExpression {
    return new MathExpression({
      expression: 'urls / requests',
      usingMetrics: {
        urls: this.#metric('EntriesPurged', 'Sum', 'URLs', period),
        requests: this.#metric('RequestsAccepted', 'Sum', 'requests', period),
      },
      period,
      label: 'URLs per request',
    });
  }

  #deadLetters(): GraphWidget {
    const { deadLetterQueue } = this.#watched.buffer;
    return new GraphWidget({
      ...third,
      title: 'Dead letters',
      left: [
        deadLetterQueue.metricApproximateNumberOfMessagesVisible({
          statistic: 'Maximum',
          period: minute,
          label: 'in the queue',
        }),
        this.#metric('EntriesRejected', 'Sum', 'rejected by CDN Pro'),
        this.#metric('MessagesUnreadable', 'Sum', 'unreadable messages'),
      ],
      leftYAxis: { min: 0, showUnits: false },
    });
  }
}
