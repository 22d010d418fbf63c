import { Duration, Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { Dashboard, GraphWidget, PeriodOverride } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { FunctionName } from '../../function/bundle.ts';
import type { PurgerFunction } from '../../function/purger-function.ts';
import type { Monitoring } from '../monitoring.ts';
import { dashboardNameOf } from '../names.ts';
import type { S3Queue } from '../receiver-alarms.ts';
import type { Watched } from '../submit-alarms.ts';
import { AlarmsWidget } from './alarms-widget.ts';
import { purgeWidgets } from './purge-widgets.ts';
import { addS3Queue, s3QueuesWidget, webhookApiWidget } from './source-widgets.ts';
import { SubmitWidgets, third } from './submit-widgets.ts';
import { tokenWidgets } from './token-widgets.ts';

const fiveMinutes = Duration.minutes(5);

/** One dashboard that shows whether content is fresh, and if not, where it is delayed. */
export class PurgerDashboard extends Construct {
  readonly #monitoring: Monitoring;
  readonly dashboard: Dashboard;
  #s3Queues: GraphWidget | undefined;
  readonly #receivers = new GraphWidget({ ...third, title: 'Changes not purged', left: [] });
  readonly #errors = new GraphWidget({ ...third, title: 'Errors and throttles of functions', left: [] });

  constructor(
    scope: Construct,
    id: string,
    monitoring: Monitoring,
    watched: Watched & { readonly tick: PurgerFunction; readonly probe: PurgerFunction | undefined },
  ) {
    super(scope, id);
    this.#monitoring = monitoring;
    this.dashboard = new Dashboard(this, 'Dashboard', {
      dashboardName: dashboardNameOf(monitoring.purgerName, Stack.of(this).region),
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.INHERIT,
    });
    const submit = new SubmitWidgets(monitoring, watched);
    this.dashboard.addWidgets(submit.title());
    this.dashboard.addWidgets(new AlarmsWidget(monitoring.alarms));
    this.dashboard.addWidgets(...submit.numbers());
    this.dashboard.addWidgets(submit.freshness(), submit.backlog(), submit.budget());
    this.dashboard.addWidgets(submit.changes(), submit.requests(), submit.grouping());
    this.dashboard.addWidgets(submit.deadLetters(), this.#errors, this.#receivers);
    this.dashboard.addWidgets(...purgeWidgets(monitoring));
    this.dashboard.addWidgets(...tokenWidgets(monitoring));
    this.#addErrors('submit', watched.function);
    this.#addErrors('tick', watched.tick);
    if (watched.probe) this.#addErrors('probe', watched.probe);
  }

  /** Shows a receiver's errors, and the changes that it could not use. */
  addReceiver(service: 'receive-s3' | 'receive-webhook', fn: PurgerFunction): void {
    this.#addErrors(service, fn);
    for (const name of [
      'ChangesUnmatched',
      'RefusedUrls',
      'EventsNotUnderstood',
      'ChangesNotQueued',
    ] as const) {
      const label = `${name} (${service})`;
      this.#receivers.addLeftMetric(
        this.#monitoring.metric(service, name, { statistic: 'Sum', period: fiveMinutes, label }),
      );
    }
  }

  /** Shows how often a webhook fails verification. */
  addWebhook(webhook: string): void {
    const options = {
      statistic: 'Sum',
      period: fiveMinutes,
      label: `WebhooksUnverified (${webhook})`,
    } as const;
    this.#receivers.addLeftMetric(
      this.#monitoring.metric('receive-webhook', 'WebhooksUnverified', options, { webhook }),
    );
  }

  /** Shows the messages in a queue before `receive-s3`, in a row that exists only with such a queue. */
  addS3Queue(queue: S3Queue): void {
    if (this.#s3Queues === undefined) {
      this.#s3Queues = s3QueuesWidget();
      this.dashboard.addWidgets(this.#s3Queues);
    }
    addS3Queue(this.#s3Queues, queue);
  }

  /** Shows how the API answers webhooks: see {@link webhookApiWidget}. */
  addWebhookApi(api: HttpApi, countsThrottled: boolean): void {
    this.dashboard.addWidgets(webhookApiWidget(this.#monitoring, api, countsThrottled));
  }

  #addErrors(service: FunctionName, fn: PurgerFunction): void {
    const options = { statistic: 'Sum', period: fiveMinutes };
    this.#errors.addLeftMetric(fn.metricErrors({ ...options, label: `${service} errors` }));
    this.#errors.addLeftMetric(fn.metricThrottles({ ...options, label: `${service} throttles` }));
  }
}
