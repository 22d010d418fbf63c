import type { Template } from 'aws-cdk-lib/assertions';
import type { PublishedMetric } from './published-metrics.ts';

/** A metric that an alarm watches. The values of dimensions that only the deployment knows are references. */
export interface WatchedMetric extends Omit<PublishedMetric, 'unit' | 'dimensions'> {
  readonly alarm: string;
  readonly unit: string | undefined;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

/** An alarm as CloudFormation has it, as far as tests look into it. */
export interface AlarmProperties {
  readonly AlarmName: string;
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
  readonly OKActions?: readonly unknown[];
  readonly Threshold: number;
  readonly DatapointsToAlarm: number;
  readonly EvaluationPeriods: number;
  readonly TreatMissingData: string;
  readonly ComparisonOperator: string;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: {
      readonly Metric: MetricProperties;
      readonly Unit?: string;
      readonly Period: number;
    };
  }[];
  readonly Unit?: string;
  readonly Period?: number;
}

interface MetricProperties {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** @returns the alarms of a template by their names */
export function alarmsOf(template: Template): ReadonlyMap<string, AlarmProperties> {
  const found = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  return new Map(
    found.map(({ Properties }) => [Properties.AlarmName as string, Properties as AlarmProperties]),
  );
}

/** @returns every metric that an alarm of the template watches, those in expressions included */
export function watchedMetrics(template: Template): readonly WatchedMetric[] {
  return [...alarmsOf(template).values()].flatMap((alarm) => {
    const single = alarm as AlarmProperties & Partial<MetricProperties>;
    const stats = alarm.Metrics?.flatMap(({ MetricStat }) => MetricStat ?? []) ?? [
      { Metric: single as MetricProperties, Unit: single.Unit },
    ];
    return stats.map(({ Metric, Unit }) => ({
      alarm: alarm.AlarmName,
      namespace: Metric.Namespace,
      name: Metric.MetricName,
      unit: Unit,
      dimensions: Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
    }));
  });
}
