import { Duration } from 'aws-cdk-lib';
import {
  Color,
  GraphWidget,
  type IMetric,
  MathExpression,
  SingleValueWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { MetricName } from '../../../functions/lambda/metric-names.ts';
import { freshSeconds, type MetricOptions, type Monitoring } from '../monitoring.ts';
import type { Watched } from '../submit-alarms.ts';

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The size of a graph of which three are in a row. */
export const third = { width: 8, height: 6 };

/** The widgets about `submit` and its queues. */
export class SubmitWidgets {
  readonly #monitoring: Monitoring;
  readonly #watched: Watched;

  constructor(monitoring: Monitoring, watched: Watched) {
    this.#monitoring = monitoring;
    this.#watched = watched;
  }

  title(): TextWidget {
    const { paused, mode, target } = this.#watched.settings;
    const state = paused
      ? '**Submission is paused by the configuration: changes wait in the purge queue.**'
      : mode === 'observe'
        ? '**It observes: nothing is purged.** `cdn-purger report` says what would have been.'
        : `Purges ${target}; a change should be purged within ${freshSeconds} s.`;
    return new TextWidget({ width: 24, height: 2, markdown: `# ${this.#monitoring.purgerName}\n${state}` });
  }

  numbers(): SingleValueWidget[] {
    const { queue, deadLetterQueue } = this.#watched.buffer;
    const latest = { statistic: 'Maximum', period: minute };
    const numbers: readonly [string, IMetric][] = [
      ['Freshness, p99 of 5 min (s)', this.#metric('FreshnessSeconds', 'p99', 'p99', fiveMinutes)],
      ['Oldest message (s)', queue.metricApproximateAgeOfOldestMessage(latest)],
      ['Messages waiting', queue.metricApproximateNumberOfMessagesVisible(latest)],
      ['Requests used (%)', this.#metric('BudgetUsedPercent', 'Maximum', 'used')],
      ['URLs per request', this.#urlsPerRequest(fiveMinutes)],
      ['Dead letters', deadLetterQueue.metricApproximateNumberOfMessagesVisible(latest)],
    ];
    return numbers.map(
      ([title, metric]) =>
        new SingleValueWidget({ title, metrics: [metric], width: 4, height: 3, sparkline: true }),
    );
  }

  freshness(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: 'Freshness: from the change to its purge',
      left: [
        this.#metric('FreshnessSeconds', 'p50', 'p50'),
        this.#metric('FreshnessSeconds', 'p99', 'p99'),
        this.#metric('WaitingSeconds', 'Maximum', 'requeued, oldest'),
      ],
      leftYAxis: { label: 's', min: 0, showUnits: false },
      leftAnnotations: [{ value: freshSeconds, label: 'freshness', color: Color.RED }],
    });
  }

  backlog(): GraphWidget {
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

  budget(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: 'Requests: used share of the window or the bucket',
      left: [this.#metric('BudgetUsedPercent', 'Maximum', 'used')],
      leftYAxis: { label: '%', min: 0, max: 100, showUnits: false },
      leftAnnotations: [{ value: 80, color: Color.ORANGE }],
    });
  }

  changes(): GraphWidget {
    const queuedBy = (service: 'receive-s3' | 'receive-webhook') =>
      this.#monitoring.metric(service, 'ChangesQueued', { statistic: 'Sum', period: minute });
    const changes = new MathExpression({
      expression: 'FILL(s3, 0) + FILL(webhook, 0)',
      usingMetrics: { s3: queuedBy('receive-s3'), webhook: queuedBy('receive-webhook') },
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

  requests(): GraphWidget {
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

  grouping(): GraphWidget {
    return new GraphWidget({
      ...third,
      title: 'Grouping: URLs per request',
      left: [this.#urlsPerRequest(minute)],
      leftYAxis: { min: 0, showUnits: false },
    });
  }

  deadLetters(): GraphWidget {
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

  #metric(name: MetricName, statistic: MetricOptions['statistic'], label: string = name, period = minute) {
    return this.#monitoring.metric('submit', name, { statistic, period, label });
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
}
