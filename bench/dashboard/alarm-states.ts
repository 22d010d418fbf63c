import type { Template } from 'aws-cdk-lib/assertions';
import { statesOf } from '../../test/helpers/alarm-rule.ts';
import type { AlarmProperties } from '../../test/helpers/watched-metrics.ts';
import { textOf, withoutHash } from './definition.ts';
import type { AlarmState } from './draw.ts';
import type { Recording } from './recording.ts';
import { valuesOf } from './series.ts';

interface Dimension {
  readonly Name: string;
  readonly Value: unknown;
}

/** An alarm of one metric has it in its own properties. */
interface Properties extends AlarmProperties {
  readonly MetricName?: string;
  readonly Dimensions?: readonly Dimension[];
  readonly Statistic?: string;
}

/** @returns the state of each alarm of a template when a recording ended, by logical ID */
export function alarmStates(template: Template, recording: Recording): ReadonlyMap<string, AlarmState> {
  const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));
  return new Map(
    alarms.map(([id, { Properties }]) => {
      const alarm = Properties as Properties;
      const name = textOf(alarm.AlarmName).replace(/^.*?-Purger-/, '');
      const metrics = metricsOf(alarm).map((metric) => ({ ...metric, values: valuesOf(metric, recording) }));
      const periods = (metrics[0]?.values ?? []).map((_, index) =>
        Object.fromEntries(
          metrics.flatMap(({ id, values }) => (values[index] === undefined ? [] : [[id, values[index]]])),
        ),
      );
      return [withoutHash(id), { name, isOn: statesOf(alarm, periods).at(-1) ?? false }];
    }),
  );
}

function metricsOf({ Metrics, MetricName = '', Dimensions = [], Statistic = '', Period = 0 }: Properties) {
  if (Metrics === undefined) {
    return [
      { id: 'value', name: MetricName, of: namesOf(Dimensions), stat: Statistic, periodSeconds: Period },
    ];
  }
  return Metrics.flatMap(({ Id, MetricStat }) => {
    if (MetricStat === undefined) return [];
    const { Metric, Period: periodSeconds, Stat: stat } = MetricStat as typeof MetricStat & { Stat: string };
    return [{ id: Id, name: Metric.MetricName, of: namesOf(Metric.Dimensions ?? []), stat, periodSeconds }];
  });
}

function namesOf(dimensions: readonly Dimension[]): readonly string[] {
  const others = dimensions.filter(({ Name }) => Name !== 'purger');
  return others.toSorted((a, b) => (a.Name < b.Name ? -1 : 1)).map(({ Value }) => textOf(Value));
}
