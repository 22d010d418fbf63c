import { Duration } from 'aws-cdk-lib';
import type { MetricName } from '../../functions/lambda/metric-names.ts';
import type { Monitoring } from './monitoring.ts';

const fiveMinutes = Duration.minutes(5);

/** Sets the alarms of purges that CDN Pro has accepted, and that `tick` follows to their ends. */
export function watchPurges(monitoring: Monitoring): void {
  const metric = (name: MetricName, statistic: 'Sum' | 'Maximum') =>
    monitoring.metric('tick', name, { statistic, period: fiveMinutes });
  monitoring.alarm({
    name: 'purges-failed',
    severity: 'critical',
    metric: metric('PurgesFailed', 'Sum'),
    meaning:
      'Some servers may keep the old content of a purge for good: what is not sent again is in the dead letter queue.',
    action: 'Redrive the dead letters; the log line `purge failed` has its ID and the reason.',
  });
  monitoring.alarm({
    name: 'purges-late',
    severity: 'warning',
    metric: metric('PurgesLate', 'Maximum'),
    periods: [2, 3],
    meaning:
      'CDN Pro has not finished purges that it accepted 15 minutes ago or earlier, or does not say so, or nobody follows them.',
    action: 'Look for a notice of CDNetworks; the log of `tick` says whether CDN Pro answers.',
  });
}
