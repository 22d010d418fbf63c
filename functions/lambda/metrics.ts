import { Metrics } from '@aws-lambda-powertools/metrics';
import { purgerName } from './environment.ts';
import { type MetricName, metricsNamespace, unitOf } from './metric-names.ts';

/** Takes one value of a metric. */
export type Measure = (name: MetricName, value: number) => void;

/** @returns Powertools' metrics, and a function that takes values into them */
export function createMetrics(serviceName: string): { readonly metrics: Metrics; readonly measure: Measure } {
  const defaultDimensions = { purger: purgerName() };
  const metrics = new Metrics({ namespace: metricsNamespace, serviceName, defaultDimensions });
  const measure: Measure = (name, value) => metrics.addMetric(name, unitOf(name), value);
  return { metrics, measure };
}
