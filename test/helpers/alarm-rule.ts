import type { AlarmProperties } from './watched-metrics.ts';

/** Values of one period, by the name of the metric; what is missing was not published. */
export type Period = Readonly<Record<string, number>>;

/** The expressions that alarms use, as CloudWatch evaluates them for one period; undefined where data is missing. */
const expressions: Readonly<Record<string, (values: Period) => number | undefined>> = {
  'MAX(FILL(METRICS(), 0))': (values) => Math.max(0, ...Object.values(values)),
  'SUM(FILL(METRICS(), 0))': (values) => Object.values(values).reduce((sum, value) => sum + value, 0),
  'IF(unmatched > FILL(queued, 0), unmatched, 0)': ({ unmatched, queued = 0 }) =>
    unmatched === undefined || unmatched > queued ? unmatched : 0,
};

/**
 * @param periods by the ids of the metrics in the alarm's expression, else as `value`
 * @returns for each period whether the alarm is on at its end: as many of the last ones as it needs are at or above the
 *   threshold; what is missing is not
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
 */
export function statesOf(alarm: AlarmProperties, periods: readonly Period[]): readonly boolean[] {
  if (
    alarm.ComparisonOperator !== 'GreaterThanOrEqualToThreshold' ||
    alarm.TreatMissingData !== 'notBreaching'
  ) {
    throw new Error(`Expected the rule that all alarms have, got ${JSON.stringify(alarm)}`);
  }
  const expression = alarm.Metrics?.find(({ Expression }) => Expression !== undefined)?.Expression;
  const evaluate = expression === undefined ? ({ value }: Period) => value : expressions[expression];
  if (evaluate === undefined)
    throw new Error(`Expected an expression that this rule knows, got ${expression}`);
  const breaches = periods.map((period) => (evaluate(period) ?? Number.NEGATIVE_INFINITY) >= alarm.Threshold);
  return breaches.map((_, index) => {
    const recent = breaches.slice(Math.max(0, index + 1 - alarm.EvaluationPeriods), index + 1);
    return recent.filter(Boolean).length >= alarm.DatapointsToAlarm;
  });
}
