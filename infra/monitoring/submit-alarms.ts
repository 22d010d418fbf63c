import { Duration } from 'aws-cdk-lib';
import { unauthorizedDelaySeconds } from '../../functions/core/limits/window.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import type { CompleteSettings } from '../settings/settings.ts';
import type { PurgeQueue } from '../storage/purge-queue.ts';
import { largest, type Monitoring } from './monitoring.ts';

/** What the alarms of `submit` watch. */
export interface Watched {
  readonly function: PurgerFunction;
  readonly buffer: PurgeQueue;
  readonly settings: CompleteSettings;
}

const minute = Duration.minutes(1);
const fiveMinutes = Duration.minutes(5);
/** The share of the rate limit's window from which on little is left for a burst, in percent. */
const budgetPercent = 80;
/** How much later than it could a try may come: receiving the message, a cold start and the requests themselves. */
const triesLateSeconds = 15;
/** Half of what SQS keeps a message: a week to find out that nobody has resumed. */
const pausedTooLong = Duration.days(7);

/** Sets the alarms of the throttled consumer and of the queues around it. */
export function watchSubmit(monitoring: Monitoring, watched: Watched): void {
  monitoring.name(watched.function);
  watchFreshness(monitoring, watched);
  monitoring.alarm({
    name: 'dead-letters',
    severity: 'critical',
    metric: watched.buffer.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
      period: minute,
      statistic: 'Maximum',
    }),
    meaning: 'The dead letter queue holds changes that are not purged; SQS deletes them after 14 days.',
    action: 'Read the reasons, mend the cause, and move the messages back.',
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
  watchCdnPro(monitoring, watched.settings);
}

/**
 * A change's age shows in three places: in SQS; where it went back into the buffer, which starts SQS's age anew, in
 * what `submit` measures there; and when it is purged.
 */
function watchFreshness(monitoring: Monitoring, { buffer, settings }: Watched): void {
  // What `submit` measures is published when an invocation ends, which may take nearly five minutes.
  const options = { statistic: 'Maximum', period: fiveMinutes } as const;
  const oldestMessage = buffer.queue.metricApproximateAgeOfOldestMessage(options);
  if (settings.paused) {
    monitoring.alarm({
      name: 'freshness',
      severity: 'critical',
      metric: oldestMessage,
      threshold: pausedTooLong.toSeconds(),
      meaning: 'Submission has been paused for a week, and SQS deletes what has waited for two.',
      action: 'Resume, or purge everything by hand afterwards.',
    });
    return;
  }
  const threshold =
    settings.freshnessSeconds + settings.batchingWindowSeconds + longestDelaySeconds(settings);
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
    action: 'Find out what holds them up: CDN Pro, the rate limit, the credentials, or a pause.',
  });
}

/** How long rules ask changes to wait on purpose, at most. */
function longestDelaySeconds({ rules }: CompleteSettings): number {
  return Math.max(
    ...rules.map(({ delaySeconds = 0, repeatAfterSeconds = 0 }) => delaySeconds + repeatAfterSeconds),
  );
}

/**
 * @returns the period of which five always have three tries in a row in three of them, when CDN Pro refuses the
 *   credentials for good: half of the time between two tries, in whole minutes. In shorter ones the third try may come
 *   when the first no longer counts; in much longer ones a rotation would take three.
 */
function refusedPeriod({ batchingWindowSeconds }: CompleteSettings): Duration {
  const betweenTriesSeconds = unauthorizedDelaySeconds + batchingWindowSeconds + triesLateSeconds;
  return Duration.minutes(Math.ceil(betweenTriesSeconds / 2 / 60));
}

function watchCdnPro(monitoring: Monitoring, settings: CompleteSettings): void {
  const sum = (period: Duration) => ({ statistic: 'Sum', period }) as const;
  monitoring.alarm({
    name: 'credentials-refused',
    severity: 'critical',
    metric: monitoring.metric('submit', 'CredentialsRefused', sum(refusedPeriod(settings))),
    // A rotation makes for a minute or two at most; what is refused for good is tried again and again.
    periods: [3, 5],
    meaning: 'CDN Pro refuses the credentials, so nothing is purged; changes wait.',
    action: 'Put valid ones into the credentials secret.',
  });
  monitoring.alarm({
    name: 'throttled',
    severity: 'warning',
    metric: monitoring.metric('submit', 'RequestsThrottled', sum(Duration.minutes(15))),
    threshold: 3,
    meaning: 'CDN Pro answers 429: somebody else uses up the limit of the same CDN Pro user.',
    action: 'Find out who, or raise `rateLimit.headroom`.',
  });
  monitoring.alarm({
    name: 'budget-used',
    severity: 'warning',
    metric: monitoring.metric('submit', 'BudgetUsedPercent', { statistic: 'Maximum', period: fiveMinutes }),
    threshold: budgetPercent,
    periods: [3, 3],
    meaning: `For 15 minutes, ${budgetPercent}% or more of the purger's requests have been used: a burst would have to wait.`,
    action: 'Group more, or ask CDNetworks for a higher limit.',
  });
  monitoring.alarm({
    name: 'entries-rejected',
    severity: 'warning',
    metric: monitoring.metric('submit', 'EntriesRejected', sum(fiveMinutes)),
    meaning: 'CDN Pro will not accept some URLs; they are in the dead letter queue, and stale at the edge.',
    action: 'Mend the rule or deploy the host, then move them back.',
  });
}
