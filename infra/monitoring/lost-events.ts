import { Duration, Fn } from 'aws-cdk-lib';
import { CfnAlarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { PurgerError } from '../../functions/core/model/errors.ts';
import { type Monitoring, total } from './monitoring.ts';

const sum = { statistic: 'Sum', period: Duration.minutes(5) } as const;
/** An alarm takes ten metrics and expressions, one of which is the sum of the others. */
const maxMetrics = 9;

/**
 * Alarms of S3 events that even the dead letter queue did not take, so that they are lost. They are separate from the
 * alarm of errors, which tolerates one bad period: here one event is already too many.
 */
export class LostEvents {
  readonly #monitoring: Monitoring;
  #count = 0;
  #newest: CfnAlarm | undefined;

  constructor(monitoring: Monitoring) {
    this.#monitoring = monitoring;
  }

  /**
   * Watches a rule. The metrics of rules of a bus have its name as well:
   * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
   */
  addRule(rule: Rule, bus: EventBus | undefined): void {
    this.#add(
      new Metric({
        namespace: 'AWS/Events',
        metricName: 'InvocationsFailedToBeSentToDlq',
        // The reference to a rule of a bus is `BUS|RULE`; its ARN ends with `rule/BUS/RULE`.
        dimensionsMap:
          bus === undefined
            ? { RuleName: rule.ruleName }
            : { EventBusName: bus.eventBusName, RuleName: Fn.select(2, Fn.split('/', rule.ruleArn)) },
        ...sum,
      }),
    );
  }

  #add(metric: Metric): void {
    const index = this.#count++;
    const alarms = index / maxMetrics;
    if (Number.isInteger(alarms)) {
      this.#newest = this.#alarm(metric, `receive-s3-lost${alarms === 0 ? '' : `-${alarms + 1}`}`);
    } else if (this.#newest !== undefined) {
      addMetric(this.#newest, metric, `lost${index}`);
    }
  }

  #alarm(metric: Metric, of: string): CfnAlarm | undefined {
    const alarm = this.#monitoring.alarm({
      name: 'receiver-errors',
      of,
      severity: 'critical',
      metric: total({ lost: metric }, sum.period),
      meaning: 'S3 events were lost: the dead letter queue did not take them either.',
      action: 'Find out what denies access to it, and purge by hand what was changed meanwhile.',
    });
    const resource = alarm?.node.defaultChild;
    return resource instanceof CfnAlarm ? resource : undefined;
  }
}

/** An alarm that no metric can be added to. */
class AlarmMetricsError extends PurgerError {
  override readonly name = 'AlarmMetricsError';
}

/** Adds a metric to an alarm of `METRICS()`: rules are added after the alarm is created. */
function addMetric(alarm: CfnAlarm, metric: Metric, id: string): void {
  const { metrics } = alarm;
  if (!Array.isArray(metrics)) throw new AlarmMetricsError('Expected an alarm of several metrics');
  const { namespace, metricName } = metric;
  const dimensions = Object.entries(metric.dimensions ?? {}).map(([name, value]) => ({ name, value }));
  const stat = sum.statistic;
  const period = sum.period.toSeconds();
  alarm.metrics = [
    ...metrics,
    { id, metricStat: { metric: { namespace, metricName, dimensions }, period, stat }, returnData: false },
  ];
}
