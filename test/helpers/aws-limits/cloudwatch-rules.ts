import { recordOf } from '../../../functions/core/model/record.ts';
import type { RenderedResource } from './rendered.ts';
import { type AwsRule, each, field, groupedBy, listAt, numberAt, textAt } from './rule.ts';

const alarmPage = 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html';
const dashboardPage =
  'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html';
const logsPage =
  'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html';

/** What alarms, dashboards and logs may say. */
export const cloudWatchRules: readonly AwsRule[] = [
  {
    name: 'the name of an alarm has 255 characters at most, no control characters, and is unique',
    page: alarmPage,
    broken: (resources) => [
      ...each(
        'AWS::CloudWatch::Alarm',
        (alarm) => !/^\P{Cc}{1,255}$/u.test(textAt(alarm, 'AlarmName')),
      )(resources),
      ...groupedBy(resources, 'AWS::CloudWatch::Alarm', (alarm) => field(alarm, 'AlarmName')).flatMap(
        ([name, alarms]) => (alarms.length > 1 ? [name] : []),
      ),
    ],
  },
  {
    name: 'an alarm has a description of 1,024 characters, five actions for each state and ten metrics at most',
    page: alarmPage,
    broken: each(
      'AWS::CloudWatch::Alarm',
      (alarm) =>
        textAt(alarm, 'AlarmDescription').length > 1024 ||
        ['AlarmActions', 'OKActions', 'InsufficientDataActions'].some(
          (name) => listAt(alarm, name).length > 5,
        ) ||
        listAt(alarm, 'Metrics').length > 10,
    ),
  },
  {
    name: 'an alarm looks at a day at most, or at a week by the hour',
    page: alarmPage,
    broken: each('AWS::CloudWatch::Alarm', (alarm) => {
      const periods = periodsOf(alarm);
      const longest = Math.max(...periods);
      const seconds = longest * numberAt(alarm, 'EvaluationPeriods', 1);
      return (
        periods.some((period) => period % 60 !== 0) ||
        seconds > (longest >= 3600 ? 604_800 : 86_400) ||
        numberAt(alarm, 'DatapointsToAlarm', 1) > numberAt(alarm, 'EvaluationPeriods', 1)
      );
    }),
  },
  {
    name: 'a dimension has a name and a value in ASCII, of 255 and 1,024 characters at most',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html',
    broken: each('AWS::CloudWatch::Alarm', (alarm) =>
      dimensionsOf(alarm).some(
        ({ Name, Value }) =>
          !/^[!-~][ -~]{0,254}$/.test(String(Name)) || !/^(?=.*\S)[ -~]{1,1024}$/.test(String(Value)),
      ),
    ),
  },
  {
    name: 'the name of a dashboard has 255 letters, digits, - and _ at most',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html',
    broken: each(
      'AWS::CloudWatch::Dashboard',
      (dashboard) => !/^[\w-]{1,255}$/.test(textAt(dashboard, 'DashboardName')),
    ),
  },
  {
    name: 'a dashboard has 500 widgets at most, none of which is empty or wider than the page',
    page: dashboardPage,
    broken: each('AWS::CloudWatch::Dashboard', (dashboard) => {
      const { widgets } = JSON.parse(textAt(dashboard, 'DashboardBody')) as {
        readonly widgets: readonly Widget[];
      };
      return widgets.length > 500 || widgets.some(isRefused);
    }),
  },
  {
    name: 'the name of a log group has 512 letters, digits and ._-/# at most',
    page: logsPage,
    broken: each('AWS::Logs::LogGroup', (group) => {
      const name = field(group, 'LogGroupName');
      return name !== undefined && !/^[\w\-/.#]{1,512}$/.test(String(name));
    }),
  },
  {
    name: 'a metric filter has three dimensions at most, and a pattern of 1,024 characters',
    page: 'https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_MetricTransformation.html',
    broken: each(
      'AWS::Logs::MetricFilter',
      (filter) =>
        textAt(filter, 'FilterPattern').length > 1024 ||
        listAt(filter, 'MetricTransformations').some(
          (each) => [recordOf(each)?.Dimensions ?? []].flat().length > 3,
        ),
    ),
  },
];

interface Widget {
  readonly type: string;
  readonly x?: number;
  readonly width: number;
  readonly properties: { readonly metrics?: readonly unknown[]; readonly alarms?: readonly unknown[] };
}

function isRefused({ type, x = 0, width, properties }: Widget): boolean {
  if (x + width > 24) return true;
  if (type === 'alarm') return properties.alarms?.length === 0 || (properties.alarms?.length ?? 1) > 100;
  return type === 'metric' && (properties.metrics ?? []).length === 0;
}

/** The metrics of an alarm: itself, or those of its formula. */
function metricsOf(alarm: RenderedResource): readonly Record<string, unknown>[] {
  const metrics = listAt(alarm, 'Metrics');
  if (metrics.length === 0) return [alarm.properties];
  return metrics.flatMap((metric) => {
    const { MetricStat: stat } = recordOf(metric) ?? {};
    const { Metric: inner, Period } = recordOf(stat) ?? {};
    return inner === undefined ? [] : [{ ...recordOf(inner), Period }];
  });
}

function periodsOf(alarm: RenderedResource): readonly number[] {
  return metricsOf(alarm).map(({ Period }) => Number(Period ?? 60));
}

function dimensionsOf(alarm: RenderedResource): readonly Record<string, unknown>[] {
  return metricsOf(alarm).flatMap(({ Dimensions }) => [Dimensions ?? []].flat() as Record<string, unknown>[]);
}
