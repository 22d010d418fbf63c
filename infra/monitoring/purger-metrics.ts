import { Duration } from 'aws-cdk-lib';
import { type IMetric, MathExpression, type Metric, type MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { Lane } from '../../functions/core/model/types.ts';
import { type MetricName, unitOf } from '../../functions/lambda/metric-names.ts';
import type { FunctionName } from '../function/bundle.ts';
import { ownMetric } from './monitoring.ts';

const statistics = { Seconds: 'Maximum', Percent: 'Maximum', Count: 'Sum' };
const period = Duration.minutes(5);

/** A construct with the metrics of a purger; by default over five minutes. */
export abstract class PurgerMetrics extends Construct {
  /** The purger's name in its metrics' dimension `purger` and in the names of its alarms. */
  abstract readonly purgerName: string;

  /** Entries in accepted requests, those that another entry covers included. */
  metricEntriesPurged(options?: MetricOptions): Metric {
    return this.#metric('submit', 'EntriesPurged', options);
  }

  /** From the oldest change of an accepted request to its acceptance, less what it has waited for tokens of the day. */
  metricFreshnessSeconds(options?: MetricOptions): Metric {
    return this.#metric('submit', 'FreshnessSeconds', options);
  }

  /** The age of the oldest change that was requeued. */
  metricWaitingSeconds(options?: MetricOptions): Metric {
    return this.#metric('submit', 'WaitingSeconds', options);
  }

  /** The share of the rate limit's window that is used. */
  metricBudgetUsedPercent(options?: MetricOptions): Metric {
    return this.#metric('submit', 'BudgetUsedPercent', options);
  }

  /** Purge requests that CDN Pro accepted. */
  metricRequestsAccepted(options?: MetricOptions): Metric {
    return this.#metric('submit', 'RequestsAccepted', options);
  }

  /** Purge requests that CDN Pro refused for what they ask. */
  metricRequestsRefused(options?: MetricOptions): Metric {
    return this.#metric('submit', 'RequestsRefused', options);
  }

  /** Purge requests that CDN Pro answered 429. */
  metricRequestsThrottled(options?: MetricOptions): Metric {
    return this.#metric('submit', 'RequestsThrottled', options);
  }

  /** Purge requests without a verdict. */
  metricRequestsUnavailable(options?: MetricOptions): Metric {
    return this.#metric('submit', 'RequestsUnavailable', options);
  }

  /** Purge requests whose credentials CDN Pro refused. */
  metricCredentialsRefused(options?: MetricOptions): Metric {
    return this.#metric('submit', 'CredentialsRefused', options);
  }

  /** Entries that wait since all requests of their scope are refused. */
  metricPurgesRefusedAlike(options?: MetricOptions): Metric {
    return this.#metric('submit', 'PurgesRefusedAlike', options);
  }

  /** Entries that CDN Pro will never accept: they are in the dead letter queue. */
  metricEntriesRejected(options?: MetricOptions): Metric {
    return this.#metric('submit', 'EntriesRejected', options);
  }

  /** Entries that wait for tokens of the day from then on. */
  metricEntriesParked(options?: MetricOptions): Metric {
    return this.#metric('submit', 'EntriesParked', options);
  }

  /** Messages in the dead letter queue that are not purge messages. */
  metricMessagesUnreadable(options?: MetricOptions): Metric {
    return this.#metric('submit', 'MessagesUnreadable', options);
  }

  /** Messages that were requeued at the deadline. */
  metricMessagesGivenBack(options?: MetricOptions): Metric {
    return this.#metric('submit', 'MessagesGivenBack', options);
  }

  /** URLs that wait for tokens of the day, of one lane. */
  metricParkedEntries(lane: Lane, options?: MetricOptions): Metric {
    return this.#metric('tick', 'ParkedEntries', { statistic: 'Maximum', ...options }, { lane });
  }

  /** The age of the oldest change of one lane that waits for a token. */
  metricOldestParkedSeconds(lane: Lane, options?: MetricOptions): Metric {
    return this.#metric('tick', 'OldestParkedSeconds', options, { lane });
  }

  /** Until the last that waits now will have its token. */
  metricDoneBySeconds(options?: MetricOptions): Metric {
    return this.#metric('tick', 'DoneBySeconds', options);
  }

  /** Tokens that are left of the day's files, while few are. */
  metricFilesLeft(options?: MetricOptions): Metric {
    return this.#metric('tick', 'FilesLeft', { statistic: 'Minimum', ...options });
  }

  /** Tokens that are left of the day's directories, while few are. */
  metricDirsLeft(options?: MetricOptions): Metric {
    return this.#metric('tick', 'DirsLeft', { statistic: 'Minimum', ...options });
  }

  /** The used share of the day's files or directories, whichever is larger. */
  metricTokensUsedPercent(options?: MetricOptions): Metric {
    return this.#metric('tick', 'TokensUsedPercent', options);
  }

  /** How far the own count and CDN Pro's are apart, in percent of the quota. */
  metricTokensMiscountedPercent(options?: MetricOptions): Metric {
    return this.#metric('tick', 'TokensMiscountedPercent', options);
  }

  /** Purges that are accepted and not in the journal, so that nobody follows them. */
  metricPurgesUnfollowed(options?: MetricOptions): Metric {
    return this.#metric('submit', 'PurgesUnfollowed', options);
  }

  /** From the acceptance of a purge until CDN Pro had finished it in full. */
  metricCompletionSeconds(options?: MetricOptions): Metric {
    return this.#metric('tick', 'CompletionSeconds', options);
  }

  /** Purges that some servers have left out. */
  metricPurgesPartial(options?: MetricOptions): Metric {
    return this.#metric('tick', 'PurgesPartial', options);
  }

  /** Purges whose entries were sent again. */
  metricRepairs(options?: MetricOptions): Metric {
    return this.#metric('tick', 'Repairs', options);
  }

  /** Purges that some servers may have left out for good. */
  metricPurgesFailed(options?: MetricOptions): Metric {
    return this.#metric('tick', 'PurgesFailed', options);
  }

  /** Purges that take too long. */
  metricPurgesLate(options?: MetricOptions): Metric {
    return this.#metric('tick', 'PurgesLate', options);
  }

  /** From the oldest change of a purge until each probe had seen its new version. */
  metricFreshSeconds(options?: MetricOptions): Metric {
    return this.#metric('tick', 'FreshSeconds', options);
  }

  /** Probes that saw an old version. */
  metricProbesStale(options?: MetricOptions): Metric {
    return this.#metric('tick', 'ProbesStale', options);
  }

  /** Probes that could not tell. */
  metricProbesUnproven(options?: MetricOptions): Metric {
    return this.#metric('tick', 'ProbesUnproven', options);
  }

  /** URLs of rules that CDN Pro would never accept. */
  metricRefusedUrls(options?: MetricOptions): MathExpression {
    return this.#ofReceivers('RefusedUrls', options);
  }

  /** Changes that are in the purge queue. */
  metricChangesQueued(options?: MetricOptions): MathExpression {
    return this.#ofReceivers('ChangesQueued', options);
  }

  /** Changes that no rule matches. */
  metricChangesUnmatched(options?: MetricOptions): MathExpression {
    return this.#ofReceivers('ChangesUnmatched', options);
  }

  /** Changes that SQS did not take: their events are delivered again. */
  metricChangesNotQueued(options?: MetricOptions): MathExpression {
    return this.#ofReceivers('ChangesNotQueued', options);
  }

  /** Events, records and verified webhooks that are not what their source sends. */
  metricEventsNotUnderstood(options?: MetricOptions): MathExpression {
    return this.#ofReceivers('EventsNotUnderstood', options);
  }

  /** Puts of objects that did not change, with `skipUnchanged`. */
  metricChangesUnchanged(options?: MetricOptions): Metric {
    return this.#metric('receive-s3', 'ChangesUnchanged', options);
  }

  /** Deliveries to the webhook of this name that are not verified. */
  metricWebhooksUnverified(webhook: string, options?: MetricOptions): Metric {
    return this.#metric('receive-webhook', 'WebhooksUnverified', options, { webhook });
  }

  /** Deliveries whose body is too large. */
  metricWebhooksRefused(options?: MetricOptions): Metric {
    return this.#metric('receive-webhook', 'WebhooksRefused', options);
  }

  /** Deliveries that the throttle turned away; only where access logs are on. */
  metricWebhooksThrottled(options?: MetricOptions): Metric {
    return this.#metric('receive-webhook', 'WebhooksThrottled', options);
  }

  #metric(
    service: FunctionName,
    name: MetricName,
    options: MetricOptions = {},
    dimensions: Readonly<Record<string, string>> = {},
  ): Metric {
    const defaults = { statistic: statistics[unitOf(name)], period };
    const own = { service, purger: this.purgerName, ...dimensions };
    return ownMetric({ ...own, ...options.dimensionsMap }, name, { ...defaults, ...options });
  }

  /** What both receivers count, added up. */
  #ofReceivers(name: MetricName, { label, color, ...options }: MetricOptions = {}): MathExpression {
    // In one graph the same ID may not be used for different metrics, of other purgers included.
    const id = `${name}_${this.node.addr.slice(-8)}`;
    const metrics: Record<string, IMetric> = {
      [`s3${id}`]: this.#metric('receive-s3', name, options),
      [`webhook${id}`]: this.#metric('receive-webhook', name, options),
    };
    // By their IDs: `METRICS()` would add up whatever else is in the user's graph.
    const values = Object.keys(metrics).map((key) => `FILL(${key}, 0)`);
    return new MathExpression({
      expression: `SUM([${values.join(', ')}])`,
      usingMetrics: metrics,
      period: options.period ?? period,
      label: label ?? name,
      ...(color === undefined ? {} : { color }),
    });
  }
}

/** The methods for metrics; where a metric has none, this does not compile. */
export type MetricMethods = Pick<PurgerMetrics, `metric${MetricName}`>;
