import type { MetricUse } from './definition.ts';
import { metricKey, type Recording } from './recording.ts';

/** A metric's value for each period of a recording; undefined where nothing was published. */
export type Values = readonly (number | undefined)[];

/** A metric as it is drawn. */
export interface Series {
  readonly label: string;
  readonly periodSeconds: number;
  readonly isRight: boolean;
  readonly values: Values;
}

type Statistic = (values: readonly number[]) => number;

const statistics: Readonly<Record<string, Statistic>> = {
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Maximum: (values) => Math.max(...values),
  p50: (values) => percentile(values, 0.5),
  p99: (values) => percentile(values, 0.99),
};

/** The expressions of the dashboard, as CloudWatch evaluates them for one period. */
const expressions: Readonly<
  Record<string, (values: Readonly<Record<string, number | undefined>>) => number | undefined>
> = {
  'FILL(s3, 0) + FILL(webhook, 0)': ({ s3 = 0, webhook = 0 }) => s3 + webhook,
  'urls / requests': ({ urls, requests }) =>
    urls === undefined || requests === undefined || requests === 0 ? undefined : urls / requests,
};

/** @returns what of metrics is drawn, each for all periods of the recording */
export function seriesOf(metrics: readonly MetricUse[], recording: Recording): readonly Series[] {
  return metrics
    .filter(({ isVisible }) => isVisible)
    .map((metric) => {
      const { label, periodSeconds, isRight, expression } = metric;
      const values =
        expression === undefined
          ? valuesOf(metric, recording)
          : evaluate(
              expression,
              metrics.filter(({ id }) => id !== undefined),
              recording,
            );
      return { label, periodSeconds, isRight, values };
    });
}

/**
 * @returns a metric's statistic for each period
 * @throws Error for a statistic that is not known here
 */
export function valuesOf(
  { name, of, stat, periodSeconds }: Pick<MetricUse, 'name' | 'of' | 'stat' | 'periodSeconds'>,
  { seconds, metrics }: Recording,
): Values {
  const statistic = statistics[stat];
  if (statistic === undefined) throw new Error(`Expected a statistic that is known here, got ${stat}`);
  const periods: number[][] = Array.from({ length: Math.ceil(seconds / periodSeconds) }, () => []);
  for (const [second, value] of metrics[metricKey(name, ...of)] ?? []) {
    periods[Math.floor(second / periodSeconds)]?.push(value);
  }
  return periods.map((values) => (values.length === 0 ? undefined : statistic(values)));
}

function evaluate(expression: string, metrics: readonly MetricUse[], recording: Recording): Values {
  const of = expressions[expression];
  if (of === undefined) throw new Error(`Expected an expression that is known here, got ${expression}`);
  const all = metrics.map((metric) => [metric.id ?? '', valuesOf(metric, recording)] as const);
  const [[, first] = ['', []]] = all;
  return first.map((_, index) => of(Object.fromEntries(all.map(([id, values]) => [id, values[index]]))));
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
