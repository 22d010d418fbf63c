import { Metrics } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import { purgerName } from './environment.ts';
import { type FunctionMetricName, metricsNamespace, unitOf } from './metric-names.ts';

/**
 * Takes one value of a metric.
 * @param dimensions next to `service` and `purger`: few values, known at synth, since each is a metric that is billed
 */
export type Measure = (
  name: FunctionMetricName,
  value: number,
  dimensions?: Readonly<Record<string, string>>,
) => void;

/** @returns a function that takes values, and a middleware that publishes them when the handler has ended */
export function createMetrics(serviceName: string): {
  readonly measure: Measure;
  readonly publishMetrics: () => MiddlewareObj;
} {
  const defaultDimensions = { purger: purgerName() };
  const metrics = new Metrics({ namespace: metricsNamespace, serviceName, defaultDimensions });
  const measure: Measure = (name, value, dimensions) => {
    // A single metric is published at once, with dimensions that no other gets.
    const target = dimensions === undefined ? metrics : metrics.singleMetric().addDimensions(dimensions);
    target.addMetric(name, unitOf(name), value);
  };
  // Powertools' own middleware writes a warning for each invocation that has measured nothing.
  const publish = () => {
    if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
  };
  return { measure, publishMetrics: () => ({ after: publish, onError: publish }) };
}
