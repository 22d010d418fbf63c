import { type Duration, Stack, Token } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IAlarm,
  type IAlarmAction,
  type IMetric,
  MathExpression,
  Metric,
  type MetricProps,
  TreatMissingData,
  Unit,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { environment } from '../../functions/lambda/environment.ts';
import { type MetricName, metricsNamespace, unitOf } from '../../functions/lambda/metric-names.ts';
import type { FunctionName } from '../function/bundle.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import { acknowledge } from '../security/nag-suppressions.ts';
import { type AlarmName, type AlarmSettings, checkAlarms } from '../settings/alarm-settings.ts';
import { commandFor } from './alarm-commands.ts';
import { createAlarmTopic, grantAlarmsPublish } from './alarm-topic.ts';
import { purgerNameOf } from './names.ts';

/**
 * How urgent an alarm is. `critical`: content is stale or being lost, and somebody has to act now. `warning`: something
 * has to be fixed, during working hours.
 */
export type Severity = 'critical' | 'warning';

/** How soon a change should be purged. */
export const freshSeconds = 60;

/** Options of an alarm, which goes off at or above its threshold. */
export interface AlarmProps {
  readonly name: AlarmName;
  /**
   * Distinguishes alarms of one name.
   * @default - the only one of its name
   */
  readonly of?: string;
  /**
   * Distinguishes their constructs, where only the deployment knows `of`.
   * @default - `of`
   */
  readonly id?: string;
  readonly severity: Severity;
  readonly metric: IMetric;
  /** @default 1 */
  readonly threshold?: number;
  /**
   * How many of the last periods have to be at the threshold, and of how many.
   * @default [1, 1]
   */
  readonly periods?: readonly [needed: number, of: number];
  /** What it means, in a sentence. */
  readonly meaning: string;
  /** What to do first, in a sentence. */
  readonly action: string;
}

/** A metric's statistic and period. */
export interface MetricOptions {
  readonly statistic: 'Sum' | 'Maximum' | 'Average' | 'p50' | 'p99';
  readonly period: Duration;
  readonly label?: string;
}

const units = { Seconds: Unit.SECONDS, Percent: Unit.PERCENT, Count: Unit.COUNT };

/** @returns a metric of the project's own namespace */
export function ownMetric(
  dimensionsMap: Readonly<Record<string, string>>,
  metricName: MetricName,
  options: Omit<MetricProps, 'namespace' | 'metricName' | 'dimensionsMap'>,
): Metric {
  const unit = units[unitOf(metricName)];
  return new Metric({ unit, ...options, namespace: metricsNamespace, metricName, dimensionsMap });
}

/** The name that a purger has in metrics and alarms, and where its alarms go. */
export class Monitoring extends Construct {
  /** See {@link purgerNameOf}. */
  readonly purgerName: string;
  /** The alarms so far; each receiver adds more. */
  readonly alarms: IAlarm[] = [];
  readonly #settings: ReturnType<typeof checkAlarms>;
  #actions: Readonly<Record<Severity, readonly IAlarmAction[]>> | undefined;

  /** @throws ConfigError with every issue of the settings */
  constructor(scope: Construct, id: string, settings: AlarmSettings) {
    super(scope, id);
    this.purgerName = purgerNameOf(scope);
    this.#settings = checkAlarms(settings, Token.isUnresolved);
  }

  /** Whether there are alarms, and none of them goes anywhere. */
  get notifiesNobody(): boolean {
    const { enabled, emails, topic, criticalTopic, actions, criticalActions } = this.#settings;
    const recipients = [emails, topic ?? [], criticalTopic ?? [], actions, criticalActions].flat();
    return enabled && recipients.length === 0;
  }

  /** Whether alarms name a runbook that nobody can open from a mail. */
  get lacksRunbook(): boolean {
    return this.#settings.enabled && !this.#settings.runbookUrl.startsWith('http');
  }

  /** Gives a function's metrics the purger's name. */
  name(fn: PurgerFunction): void {
    fn.addEnvironment(environment.purgerName, this.purgerName);
  }

  /** @returns a metric that the function of the given name publishes */
  metric(
    service: FunctionName,
    name: MetricName,
    options: MetricOptions,
    more: Readonly<Record<string, string>> = {},
  ): Metric {
    return ownMetric({ service, purger: this.purgerName, ...more }, name, options);
  }

  /** @returns the new alarm; undefined where alarms or this one are off */
  alarm({ name, of, id = of, severity, metric, meaning, action, ...rule }: AlarmProps): Alarm | undefined {
    const { enabled, off, runbookUrl } = this.#settings;
    if (!enabled || off.includes(name)) return undefined;
    const { threshold = 1, periods = [1, 1] } = rule;
    const [datapointsToAlarm, evaluationPeriods] = periods;
    const named = (suffix: string | undefined) => (suffix === undefined ? name : `${name}-${suffix}`);
    const alarm = new Alarm(this, named(id), {
      alarmName: `${this.purgerName}-${named(of)}`,
      alarmDescription: `[${severity}] ${meaning} ${action} Run: ${commandFor(name, Stack.of(this).stackName)}. Runbook: ${runbookUrl}#${name}`,
      metric,
      threshold,
      datapointsToAlarm,
      evaluationPeriods,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      // None of these metrics is published while nothing happens.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.#actions ??= this.#createActions();
    const actions = this.#actions[severity];
    alarm.addAlarmAction(...actions);
    alarm.addOkAction(...actions);
    if (actions.length === 0) acknowledge(alarm, noActionReasons);
    this.alarms.push(alarm);
    return alarm;
  }

  #createActions(): Readonly<Record<Severity, readonly IAlarmAction[]>> {
    const { topic, criticalTopic, actions, criticalActions, emails } = this.#settings;
    const everyTopic = topic ?? (emails.length > 0 ? createAlarmTopic(this) : undefined);
    for (const email of emails) {
      // Another purger of the app may have the same, and one mail is enough. CDK names subscriptions so.
      if (everyTopic?.node.tryFindChild(email) !== undefined) continue;
      const subscription = everyTopic?.addSubscription(new EmailSubscription(email));
      if (subscription !== undefined) acknowledge(subscription, mailReasons);
    }
    const actionOf = (topic: ITopic | undefined) => {
      if (topic === undefined) return [];
      grantAlarmsPublish(topic);
      return [new SnsAction(topic)];
    };
    const warning = [...actionOf(everyTopic), ...actions];
    // One topic in both settings would be notified twice of each critical alarm.
    const isOther = criticalTopic?.topicArn !== everyTopic?.topicArn;
    const paged = isOther ? actionOf(criticalTopic) : [];
    return { warning, critical: [...warning, ...paged, ...criticalActions] };
  }
}

const noActionReasons = {
  'NIST.800.53.R5-CloudWatchAlarmAction':
    'Only the user knows whom to notify: `alarms` takes addresses, topics and actions. Until then the alarm shows its state in CloudWatch and on the dashboard, and each change of its state is an EventBridge event, which an account may collect for all of its alarms.',
};
const mailReasons = {
  'Serverless-SNSRedrivePolicy':
    'A mail that does not arrive leaves the alarm itself in CloudWatch, where its state and history are. In a queue nobody would read it, and in the dead letter queue of changes it would be taken for one.',
};

/**
 * @returns an SQS metric by the queue's name only. CDK's own adds the account of a queue that is imported, and an
 *   alarm may not watch another account's metrics unless the two are linked
 */
export function queueMetric(
  queue: IQueue,
  metricName: 'ApproximateAgeOfOldestMessage' | 'ApproximateNumberOfMessagesVisible',
  options: MetricOptions,
): Metric {
  const dimensionsMap = { QueueName: queue.queueName };
  return new Metric({ namespace: 'AWS/SQS', metricName, dimensionsMap, ...options });
}

/** @returns the largest of several metrics; one that is missing does not count */
export function largest(metrics: Readonly<Record<string, IMetric>>, period: Duration): MathExpression {
  return new MathExpression({ expression: 'MAX(FILL(METRICS(), 0))', usingMetrics: { ...metrics }, period });
}

/** @returns several metrics added up; one that is missing does not count */
export function total(metrics: Readonly<Record<string, IMetric>>, period: Duration): MathExpression {
  return new MathExpression({ expression: 'SUM(FILL(METRICS(), 0))', usingMetrics: { ...metrics }, period });
}
