import type { Template } from '../../local/aws/template/assembly.ts';
import { prices } from './prices.ts';

/** What a stack costs by the month, whatever happens. */
export interface FixedCost {
  readonly what: string;
  readonly count: number;
  readonly usd: number;
}

/** https://aws.amazon.com/premiumsupport/knowledge-center/ counts 730 hours to a month, as AWS's calculator does. */
export const minutesInMonth = 730 * 60;

/**
 * With a maximum concurrency, Lambda keeps five pollers at a queue at rest, and each asks three times a minute.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html: "When traffic is low, Lambda scales back the
 * processing to five concurrent batches, and can optimize to as few as 2 […]. However, this optimization is not
 * available when you enable the maximum concurrency setting."
 */
const pollers = 5;
/** A long poll waits 20 s at most: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html */
const pollsPerMinute = 3;

/**
 * Of a tick while nothing waits and no purge is open, measured on the local stack: half a unit for each of its two reads,
 * and Lambda's own lines of log.
 */
const idleTick = { gbSeconds: 0.0075, readUnits: 1, logBytes: 450 };
/** The limits are read each five minutes, too. */
const limitsReadsPerTick = 1 / 5;

/** @returns what a function on a one-minute schedule costs in a month in which nothing waits */
function idleTicksUsd(schedules: number): number {
  const each =
    prices.lambdaRequest.usd +
    idleTick.gbSeconds * prices.lambdaGbSecond.usd +
    (idleTick.readUnits + limitsReadsPerTick) * prices.dynamodbReadUnit.usd +
    (idleTick.logBytes / 1e9) * prices.logGb.usd;
  return schedules * minutesInMonth * each;
}

/** @returns the monthly costs of a template's resources, and of the secrets and metrics that it uses */
export function fixedCostsOf(
  template: Template,
  { secrets, metrics }: { readonly secrets: number; readonly metrics: number },
): readonly FixedCost[] {
  const resources = Object.values(template.Resources);
  const count = (type: string) => resources.filter(({ Type }) => Type === type).length;
  const queues = count('AWS::Lambda::EventSourceMapping');
  const polls = queues * pollers * pollsPerMinute * minutesInMonth;
  const alarms = resources
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .reduce((sum, { Properties }) => sum + watchedBy(Properties), 0);
  const dashboards = count('AWS::CloudWatch::Dashboard');
  const keys = count('AWS::KMS::Key');
  const schedules = resources.filter(
    ({ Type, Properties }) => Type === 'AWS::Events::Rule' && Properties.ScheduleExpression !== undefined,
  ).length;
  return [
    { what: 'polling of queues at rest', count: queues, usd: polls * prices.sqsRequest.usd },
    { what: 'ticks while nothing waits', count: schedules, usd: idleTicksUsd(schedules) },
    { what: 'secrets', count: secrets, usd: secrets * prices.secretMonth.usd },
    { what: 'custom metrics, while changes come in', count: metrics, usd: metrics * prices.metricMonth.usd },
    { what: 'metrics that alarms watch', count: alarms, usd: alarms * prices.alarmMonth.usd },
    { what: 'dashboards', count: dashboards, usd: dashboards * prices.dashboardMonth.usd },
    { what: 'customer keys', count: keys, usd: keys * prices.keyMonth.usd },
  ];
}

/** How many metrics an alarm watches: one, or those in its formula. */
function watchedBy({ Metrics }: Readonly<Record<string, unknown>>): number {
  if (!Array.isArray(Metrics)) return 1;
  return (Metrics as object[]).filter((metric) => 'MetricStat' in metric).length;
}
