import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { PurgerFunction } from '../function/purger-function.ts';
import { freshSeconds, type Monitoring, queueMetric, total } from './monitoring.ts';

type ReceiverName = 'receive-s3' | 'receive-webhook';

const sum = (period: Duration) => ({ statistic: 'Sum', period }) as const;
const fiveMinutes = Duration.minutes(5);
const hour = Duration.hours(1);
/** Fewer unmatched changes in an hour are normal. */
const minUnmatched = 10;
/** Fewer failed verifications of one webhook in an hour may be attempts by strangers. */
const minUnverified = 3;

/** Sets the alarms of the receiver of S3's events. */
export function watchS3Receiver(monitoring: Monitoring, fn: PurgerFunction): void {
  monitoring.name(fn);
  monitoring.alarm({
    name: 'receiver-errors',
    of: 'receive-s3',
    severity: 'critical',
    metric: total(
      {
        errors: fn.metricErrors(sum(fiveMinutes)),
        throttles: fn.metricThrottles(sum(fiveMinutes)),
        notQueued: monitoring.metric('receive-s3', 'ChangesNotQueued', sum(fiveMinutes)),
      },
      fiveMinutes,
    ),
    // Events come again, so that one bad moment does no harm.
    periods: [2, 3],
    meaning: 'S3 events cannot be processed; after ten tries they are in the dead letter queue.',
    action: 'Read the log of receive-s3.',
  });
  watchChanges(monitoring, 'receive-s3');
}

/** A queue from which the receiver consumes S3's events. */
export interface S3Queue {
  readonly queue: IQueue;
  /** `inbox`, or the queue's own name, with its account where it would be that of another. */
  readonly name: string;
}

/**
 * Sets the alarm of a queue before the receiver of S3's events. It is separate from the purge queue's, since a pause
 * delays nothing here, and since its metric costs the same in both.
 */
export function watchS3Queue(monitoring: Monitoring, { queue, name }: S3Queue): void {
  const options = { statistic: 'Maximum', period: fiveMinutes } as const;
  monitoring.alarm({
    name: 'freshness',
    of: name,
    id: queue.node.addr,
    severity: 'critical',
    metric: queueMetric(queue, 'ApproximateAgeOfOldestMessage', options),
    threshold: freshSeconds,
    periods: [2, 3],
    meaning: `For ten minutes S3 events have waited for ${freshSeconds} s or more in a queue before receive-s3: visitors see old content.`,
    action: 'Find out why receive-s3 does not take them.',
  });
}

/** Sets the alarms of the receiver of webhooks, except those of each webhook. */
export function watchWebhookReceiver(monitoring: Monitoring, fn: PurgerFunction, api: HttpApi): void {
  monitoring.name(fn);
  monitoring.alarm({
    name: 'receiver-errors',
    of: 'receive-webhook',
    severity: 'critical',
    metric: total(
      {
        errors: fn.metricErrors(sum(fiveMinutes)),
        throttles: fn.metricThrottles(sum(fiveMinutes)),
        serverErrors: api.metricServerError(sum(fiveMinutes)),
      },
      fiveMinutes,
    ),
    // Not every sender retries.
    meaning: 'Webhooks are answered with an error; several CMSs do not send them again.',
    action: 'Read the log of receive-webhook, and have what was lost sent again or purged by hand.',
  });
  watchChanges(monitoring, 'receive-webhook');
}

/** Sets the alarm of the throttle of the webhooks' API, counted by its access log. */
export function watchThrottle(monitoring: Monitoring): void {
  monitoring.alarm({
    name: 'webhooks-throttled',
    severity: 'warning',
    metric: monitoring.metric('receive-webhook', 'WebhooksThrottled', sum(fiveMinutes)),
    meaning:
      'Webhooks were answered 429: more came than the throttle allows. Several CMSs do not send them again.',
    action: 'Read in the access log who sent them, and raise `webhookApi.throttle` if it was the CMS.',
  });
}

/** Sets the alarm of one webhook. */
export function watchWebhook(monitoring: Monitoring, webhook: string): void {
  monitoring.alarm({
    name: 'webhook-unverified',
    of: webhook,
    severity: 'warning',
    metric: monitoring.metric('receive-webhook', 'WebhooksUnverified', sum(hour), { webhook }),
    threshold: minUnverified,
    meaning: `Deliveries to the webhook ${webhook} fail verification, and purge nothing: a wrong secret, or someone forges them.`,
    action: 'Compare the secret with the one in the CMS.',
  });
}

function watchChanges(monitoring: Monitoring, service: ReceiverName): void {
  monitoring.alarm({
    name: 'changes-unmatched',
    of: service,
    severity: 'warning',
    metric: new MathExpression({
      expression: 'IF(unmatched > FILL(queued, 0), unmatched, 0)',
      usingMetrics: {
        unmatched: monitoring.metric(service, 'ChangesUnmatched', sum(hour)),
        queued: monitoring.metric(service, 'ChangesQueued', sum(hour)),
      },
      period: hour,
    }),
    threshold: minUnmatched,
    meaning:
      'For an hour more changes matched no rule than were queued: a rule may have the wrong prefix or type.',
    action:
      'Compare the changes in the log with the rules, and watch less if they are not meant to be purged.',
  });
  monitoring.alarm({
    name: 'urls-refused',
    of: service,
    severity: 'warning',
    metric: monitoring.metric(service, 'RefusedUrls', sum(hour)),
    meaning: 'Rules made URLs that CDN Pro would never take; these are not purged, and stale at the edge.',
    action: 'Read the reasons in the log and fix the rule.',
  });
  monitoring.alarm({
    name: 'events-not-understood',
    of: service,
    severity: 'warning',
    metric: monitoring.metric(service, 'EventsNotUnderstood', sum(hour)),
    meaning: 'Something arrived that is not what its source sends; nothing is purged for it.',
    action: 'Read the reasons in the log.',
  });
}
