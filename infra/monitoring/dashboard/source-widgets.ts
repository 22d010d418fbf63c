import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { GraphWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { type Monitoring, queueMetric } from '../monitoring.ts';
import type { S3Queue } from '../receiver-alarms.ts';

const wholeRow = { width: 24, height: 6 };
const axis = { min: 0, showUnits: false };

/** @returns an empty graph for the queues before `receive-s3`: see {@link addS3Queue} */
export function s3QueuesWidget(): GraphWidget {
  const title = 'S3 events before receive-s3';
  return new GraphWidget({ ...wholeRow, title, left: [], right: [], leftYAxis: axis, rightYAxis: axis });
}

/** Shows in a graph how many messages wait in a queue, and for how long. */
export function addS3Queue(widget: GraphWidget, { queue, name }: S3Queue): void {
  const options = { statistic: 'Maximum', period: Duration.minutes(1) } as const;
  const wait = { ...options, label: `waiting in ${name}` };
  const oldest = { ...options, label: `oldest in ${name} (s)` };
  widget.addLeftMetric(queueMetric(queue, 'ApproximateNumberOfMessagesVisible', wait));
  widget.addRightMetric(queueMetric(queue, 'ApproximateAgeOfOldestMessage', oldest));
}

/**
 * @param countsThrottled whether the API's access log is on, which counts throttled webhooks
 * @returns a graph of the API's answers to webhooks
 */
export function webhookApiWidget(
  monitoring: Monitoring,
  api: HttpApi,
  countsThrottled: boolean,
): GraphWidget {
  const options = { statistic: 'Sum', period: Duration.minutes(5) } as const;
  const throttled = { ...options, label: 'throttled (429)' };
  return new GraphWidget({
    ...wholeRow,
    title: 'Webhooks at the API',
    left: [
      api.metricCount({ ...options, label: 'all' }),
      api.metricClientError({ ...options, label: 'refused (4xx)' }),
      api.metricServerError({ ...options, label: 'failed (5xx)' }),
      ...(countsThrottled ? [monitoring.metric('receive-webhook', 'WebhooksThrottled', throttled)] : []),
    ],
    leftYAxis: axis,
  });
}
