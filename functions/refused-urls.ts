/** The namespace of the project's metrics in CloudWatch; their dimension is the service's name. */
export const metricsNamespace = 'CdnProPurger';

/**
 * Fields that make a log line count URLs that cannot be purged, as the metric `RefusedUrls`, in all and by
 * `service`, which the logger adds.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function refusedUrlsMetric(count: number, nowMs: number): Record<string, unknown> {
  return {
    RefusedUrls: count,
    _aws: {
      Timestamp: nowMs,
      CloudWatchMetrics: [
        {
          Namespace: metricsNamespace,
          Dimensions: [[], ['service']],
          Metrics: [{ Name: 'RefusedUrls', Unit: 'Count' }],
        },
      ],
    },
  };
}
