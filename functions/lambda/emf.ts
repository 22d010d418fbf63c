import type { CountName } from './metric-names.ts';
import { metricsNamespace } from './metric-names.ts';

/**
 * Fields that make a log line count something: CloudWatch reads the metric out of the line (EMF). Its dimensions are
 * `service` and `purger`, which the logger adds to such a line, and those that are given here.
 * @param nowMs the time of the count
 * @param more further dimensions with few values that are known at synth, since each value is a metric that is billed
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function counted(
  name: CountName,
  count: number,
  nowMs: number,
  more: Readonly<Record<string, string>> = {},
): Record<string, unknown> {
  return {
    ...more,
    [name]: count,
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: metricsNamespace,
          Dimensions: [['service', 'purger', ...Object.keys(more)]],
          Metrics: [{ Name: name, Unit: 'Count' }],
        },
      ],
    },
  };
}
