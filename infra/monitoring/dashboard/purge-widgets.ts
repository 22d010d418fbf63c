import { Duration } from 'aws-cdk-lib';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { MetricName } from '../../../functions/lambda/metric-names.ts';
import type { MetricOptions, Monitoring } from '../monitoring.ts';
import { third } from './submit-widgets.ts';

const fiveMinutes = Duration.minutes(5);
const axis = { min: 0, showUnits: false };

/** @returns the widgets about what happens to purges after CDN Pro has accepted them */
export function purgeWidgets(monitoring: Monitoring): readonly GraphWidget[] {
  const metric = (name: MetricName, statistic: MetricOptions['statistic'], label: string) =>
    monitoring.metric('tick', name, { statistic, period: fiveMinutes, label });
  return [
    new GraphWidget({
      ...third,
      title: 'Until purges are completed, and proven fresh (s)',
      left: [
        metric('CompletionSeconds', 'p50', 'completed after acceptance (p50)'),
        metric('CompletionSeconds', 'p99', 'completed after acceptance (p99)'),
        metric('FreshSeconds', 'p50', 'fresh after the change (p50)'),
        metric('FreshSeconds', 'p99', 'fresh after the change (p99)'),
      ],
      leftYAxis: axis,
    }),
    new GraphWidget({
      ...third,
      title: 'Purges that did not reach all servers',
      left: [
        metric('PurgesPartial', 'Sum', 'partial'),
        metric('Repairs', 'Sum', 'sent again'),
        metric('PurgesFailed', 'Sum', 'failed'),
        metric('PurgesLate', 'Maximum', 'late'),
      ],
      leftYAxis: axis,
    }),
    new GraphWidget({
      ...third,
      title: 'Probes of the edge',
      left: [
        metric('ProbesStale', 'Sum', 'saw an old version'),
        metric('ProbesUnproven', 'Sum', 'could not tell'),
      ],
      leftYAxis: axis,
    }),
  ];
}
