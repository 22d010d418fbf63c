import { Duration } from 'aws-cdk-lib';
import { unauthorizedDelaySeconds } from '../../functions/core/limits/requests/window.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import type { CompleteSettings } from '../settings/settings.ts';
import type { PurgeQueue } from '../storage/purge-queue.ts';
import { freshSeconds, largest, type Monitoring } from './monitoring.ts';

/** What the alarms of `submit` watch. */
export interface Watched {
  readonly function: PurgerFunction;
  readonly buffer: PurgeQueue;
  readonly settings: CompleteSettings;
}

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The used share of the window or the bucket above which little is left for a burst, in percent. */
const budgetPercent = 80;
/** How much later than scheduled a retry may start: receiving the message, a cold start and the requests themselves. */
const retryLatenessSeconds = 15;
/** Half of the time that SQS keeps a message, which leaves a week to resume. */
const maxPause = Duration.days(7);

/** Sets the alarms of the throttled consumer and of the queues around it. */
export function watchSubmit(monitoring: Monitoring, watched: Watched): void {
  monitoring.name(watched.function);
  // Of what is only observed nobody sees old content for it, and CDN Pro refuses nothing.
  const isPurging = watched.settings.mode === 'purge';
  if (isPurging) watchFreshness(monitoring, watched);
  monitoring.alarm({
    name: 'dead-letters',
    severity: 'critical',
    metric: watched.buffer.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      period: minute,
      statistic: 'Maximum',
    }),
    meaning: 'The dead letter queue holds changes that are not purged; SQS deletes them after 14 days.',
    action: 'Read the reasons, fix the cause, and redrive the messages.',
  });
  monitoring.alarm({
    name: 'submit-errors',
    severity: 'critical',
    metric: watched.function.metricErrors({ period: fiveMinutes, statistic: 'Sum' }),
    periods: [2, 3],
    meaning:
      'The function that submits purges crashes or times out; its messages come again, ten times at most.',
    action: 'Read its log.',
  });
  if (isPurging) watchCdnPro(monitoring, watched.settings);
}

/**
 * A change's age is in three metrics: SQS's; what `submit` measures when it requeues a message, which resets SQS's age;
 * and what it measures when the change is purged.
 */
function watchFreshness(monitoring: Monitoring, { buffer, settings }: Watched): void {
  // `submit` publishes its metrics when an invocation ends, which may take nearly five minutes.
  const options = { statistic: 'Maximum', period: fiveMinutes } as const;
  const oldestMessage = buffer.queue.metricApproximateAgeOfOldestMessage(options);
  if (settings.paused) {
    monitoring.alarm({
      name: 'freshness',
      severity: 'critical',
      metric: oldestMessage,
      threshold: maxPause.toSeconds(),
      meaning: 'Submission has been paused for a week, and SQS deletes what has waited for two.',
      action: 'Resume, or purge everything by hand afterwards.',
    });
    return;
  }
  const threshold = freshSeconds + settings.batchingWindowSeconds + longestDelaySeconds(settings);
  monitoring.alarm({
    name: 'freshness',
    severity: 'critical',
    metric: largest(
      {
        oldestMessage,
        waiting: monitoring.metric('submit', 'WaitingSeconds', options),
        purged: monitoring.metric('submit', 'FreshnessSeconds', options),
      },
      fiveMinutes,
    ),
    threshold,
    periods: [2, 3],
    meaning: `For ten minutes changes have waited for ${threshold} s or more: visitors see old content.`,
    action: 'Find out what delays them: CDN Pro, the rate limit, the credentials, or a pause.',
  });
}

/** The longest delay that any rule asks for. */
function longestDelaySeconds({ rules }: CompleteSettings): number {
  return Math.max(
    ...rules.map(({ delaySeconds = 0, repeatAfterSeconds = 0 }) => delaySeconds + repeatAfterSeconds),
  );
}

/**
 * @returns the alarm's period: of five consecutive periods, three have an attempt while CDN Pro refuses the credentials.
 *   It is half of the time between two attempts, in whole minutes. With shorter ones the first attempt may no longer
 *   count when the third is made; with much longer ones a rotation would last for three.
 */
function refusedPeriod({ batchingWindowSeconds }: CompleteSettings): Duration {
  const betweenAttemptsSeconds = unauthorizedDelaySeconds + batchingWindowSeconds + retryLatenessSeconds;
  return Duration.minutes(Math.ceil(betweenAttemptsSeconds / 2 / 60));
}

function watchCdnPro(monitoring: Monitoring, settings: CompleteSettings): void {
  const sum = (period: Duration) => ({ statistic: 'Sum', period }) as const;
  monitoring.alarm({
    name: 'credentials-refused',
    severity: 'critical',
    metric: monitoring.metric('submit', 'CredentialsRefused', sum(refusedPeriod(settings))),
    // A rotation lasts for a minute or two at most; after that, attempts fail again and again.
    periods: [3, 5],
    meaning: 'CDN Pro refuses the credentials, so nothing is purged; changes wait.',
    action: 'Put valid ones into the credentials secret.',
  });
  monitoring.alarm({
    name: 'throttled',
    severity: 'warning',
    metric: monitoring.metric('submit', 'RequestsThrottled', sum(Duration.minutes(15))),
    threshold: 3,
    meaning:
      "CDN Pro answers 429: somebody else uses up the window of the same CDN Pro user, or the customer's bucket.",
    action: 'Find out who; raise `rateLimit.headroom`, or lower `apiBucket`.',
  });
  monitoring.alarm({
    name: 'budget-used',
    severity: 'warning',
    metric: monitoring.metric('submit', 'BudgetUsedPercent', { statistic: 'Maximum', period: fiveMinutes }),
    threshold: budgetPercent,
    periods: [3, 3],
    meaning: `For 15 minutes, ${budgetPercent}% or more of the requests have been used that the user's window or the customer's bucket gives: a burst would have to wait.`,
    action: 'Group more, or ask CDNetworks for a higher limit of the one that binds.',
  });
  monitoring.alarm({
    name: 'entries-rejected',
    severity: 'warning',
    metric: monitoring.metric('submit', 'EntriesRejected', sum(fiveMinutes)),
    meaning: 'CDN Pro will not accept some URLs; they are in the dead letter queue, and stale at the edge.',
    action: 'Fix the rule or deploy the host, then redrive them.',
  });
  monitoring.alarm({
    name: 'refused-alike',
    severity: 'critical',
    // The scope is tried again each 15 minutes at the latest.
    metric: monitoring.metric('submit', 'PurgesRefusedAlike', sum(Duration.minutes(15))),
    meaning:
      'CDN Pro refuses all purges of one completion webhook or header set, whatever they ask for; they wait.',
    action: 'Read the reason in the log, and correct the rule or what it names in CDN Pro.',
  });
}
