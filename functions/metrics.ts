import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { metricsNamespace } from './refused-urls.ts';

/** Counts and durations that alarms and the dashboard watch. Each is published once an invocation has ended. */
export type MetricName =
  /** Purge requests by what CDN Pro made of them. */
  | 'RequestsAccepted'
  | 'RequestsRefused'
  | 'RequestsThrottled'
  | 'RequestsUnavailable'
  | 'CredentialsRefused'
  /** Entries in accepted requests, those that another entry covers included. */
  | 'EntriesPurged'
  /** Entries that CDN Pro will never accept: they are in the dead letter queue. */
  | 'EntriesRejected'
  /** Messages that are in the dead letter queue because they are no purge messages. */
  | 'MessagesUnreadable'
  /** Messages that went back into the buffer at the deadline. */
  | 'MessagesGivenBack'
  /** Seconds from the oldest change of an accepted request to its acceptance. */
  | 'FreshnessSeconds';

/** Takes one value of a metric. */
export type Measure = (name: MetricName, value: number) => void;

/** @returns Powertools' metrics, and a function that takes values into them */
export function createMetrics(serviceName: string): { readonly metrics: Metrics; readonly measure: Measure } {
  const metrics = new Metrics({ namespace: metricsNamespace, serviceName });
  const measure: Measure = (name, value) => {
    metrics.addMetric(name, name.endsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count, value);
  };
  return { metrics, measure };
}
