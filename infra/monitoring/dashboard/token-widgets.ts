import { Duration } from 'aws-cdk-lib';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { lanes } from '../../../functions/core/model/lanes.ts';
import type { MetricName } from '../../../functions/lambda/metric-names.ts';
import type { Monitoring } from '../monitoring.ts';
import { third } from './submit-widgets.ts';

const fiveMinutes = Duration.minutes(5);
const axis = { min: 0, showUnits: false };

/** @returns the widgets about the day's tokens and what waits for them; empty while nothing waits and many are left */
export function tokenWidgets(monitoring: Monitoring): readonly GraphWidget[] {
  const metric = (name: MetricName, label: string) =>
    monitoring.metric('tick', name, { statistic: 'Maximum', period: fiveMinutes, label });
  const byLane = (name: MetricName) =>
    lanes.map((lane) =>
      monitoring.metric('tick', name, { statistic: 'Maximum', period: fiveMinutes, label: lane }, { lane }),
    );
  return [
    new GraphWidget({
      ...third,
      title: "Day's tokens left",
      left: [metric('FilesLeft', 'files')],
      right: [metric('DirsLeft', 'directories')],
      leftYAxis: axis,
      rightYAxis: axis,
    }),
    new GraphWidget({
      ...third,
      title: 'Parked until tokens come back',
      stacked: true,
      left: byLane('ParkedEntries'),
      leftYAxis: axis,
    }),
    new GraphWidget({
      ...third,
      title: 'How long the oldest parked has waited (s), and until all are done',
      left: byLane('OldestParkedSeconds'),
      right: [metric('DoneBySeconds', 'done by (s)')],
      leftYAxis: axis,
      rightYAxis: axis,
    }),
  ];
}
