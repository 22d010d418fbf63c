import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Mode } from '../../functions/core/model/types.ts';
import type { MetricName } from '../../functions/lambda/metric-names.ts';
import type { PurgerFunction } from '../function/purger-function.ts';
import { largest, type Monitoring } from './monitoring.ts';

const fiveMinutes = Duration.minutes(5);
/** People wait too long after this, in seconds. */
const peopleSeconds = 15 * 60;
/** What machines have made waits too long after this, in seconds. */
const bulkSeconds = 24 * 60 * 60;
/** How far the own count and CDN Pro's may be apart, in percent of the quota. */
const miscountedPercent = 5;

/**
 * Sets the alarms of the day's tokens, and of the function that releases what waits for them.
 * @param mode where it only observes, no tokens are spent and nobody waits
 */
export function watchTick(monitoring: Monitoring, fn: PurgerFunction, mode: Mode): void {
  monitoring.name(fn);
  const metric = (name: MetricName, more?: Readonly<Record<string, string>>) =>
    monitoring.metric('tick', name, { statistic: 'Maximum', period: fiveMinutes }, more);
  monitoring.alarm({
    name: 'tick-errors',
    severity: 'critical',
    // Events that have failed are among them, as none is tried again; and those for which the account had no concurrency in
    // their minute, which are no errors.
    metric: fn.metric('AsyncEventsDropped', { period: fiveMinutes, statistic: 'Sum' }),
    periods: [3, 3],
    meaning:
      'The function that releases parked URLs crashes, times out or is not run: they wait although there are tokens.',
    action: "Read its log; without errors there, look at the account's concurrency.",
  });
  if (mode === 'purge') watchTokens(monitoring, metric);
}

function watchTokens(
  monitoring: Monitoring,
  metric: (name: MetricName, more?: Readonly<Record<string, string>>) => IMetric,
): void {
  monitoring.alarm({
    name: 'people-waiting',
    severity: 'critical',
    metric: largest(
      {
        takedown: metric('OldestParkedSeconds', { lane: 'takedown' }),
        people: metric('OldestParkedSeconds', { lane: 'people' }),
      },
      fiveMinutes,
    ),
    threshold: peopleSeconds,
    meaning: 'Changes that people have made wait for tokens of the day, for 15 minutes or more.',
    action:
      'Find out what has spent the tokens, and ask CDNetworks for more, or name files in place of directories.',
  });
  monitoring.alarm({
    name: 'tokens-used',
    severity: 'warning',
    metric: metric('TokensUsedPercent'),
    threshold: 100,
    periods: [3, 3],
    meaning:
      'The files or the directories of the day are used up but for takedowns: what is changed now waits.',
    action: 'Find out what has spent them; skip what did not change, or ask CDNetworks for a larger quota.',
  });
  monitoring.alarm({
    name: 'bulk-waiting',
    severity: 'warning',
    metric: metric('DoneBySeconds'),
    threshold: bulkSeconds,
    periods: [2, 3],
    meaning: 'What waits for tokens of the day will not all have been purged in 24 hours.',
    action:
      'Name prefixes in `convertInShortage`, skip what did not change, or ask CDNetworks for a larger quota.',
  });
  monitoring.alarm({
    name: 'tokens-miscounted',
    severity: 'warning',
    metric: metric('TokensMiscountedPercent'),
    threshold: miscountedPercent,
    periods: [3, 3],
    meaning: `For 15 minutes the tokens that CDN Pro has left differ from the own count by ${miscountedPercent}% of the quota or more.`,
    action: 'Others spend, too, or `quota` or `tokenUnit` is not that of the contract.',
  });
}
