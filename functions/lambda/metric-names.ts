/** The namespace of the project's metrics in CloudWatch. Each has the dimensions `service` and `purger`. */
export const metricsNamespace = 'CdnProPurger';

/** What the receivers count. */
type ReceiverMetricName =
  /** URLs of rules that CDN Pro would never accept. */
  | 'RefusedUrls'
  /** Changes that are in the purge queue, whose messages have several. */
  | 'ChangesQueued'
  /** Changes that no rule matches. */
  | 'ChangesUnmatched'
  /** Puts of objects that did not change: nothing is purged for them. */
  | 'ChangesUnchanged'
  /** Changes that SQS did not take: their events are delivered again. */
  | 'ChangesNotQueued'
  /** Events, records and verified webhooks that are not what their source sends: nothing is purged for them. */
  | 'EventsNotUnderstood'
  /** Webhooks that are not verified, with the dimension `webhook`. */
  | 'WebhooksUnverified'
  /** Webhooks of a name that does not exist, and bodies that are too large. */
  | 'WebhooksRefused';

/** What CloudWatch counts in the access log of the webhooks' API: webhooks that its throttle turned away. */
export type AccessLogMetricName = 'WebhooksThrottled';

/** What `submit` measures. */
type SubmitMetricName =
  /** Purge requests by what CDN Pro made of them. */
  | 'RequestsAccepted'
  | 'RequestsRefused'
  | 'RequestsThrottled'
  | 'RequestsUnavailable'
  | 'CredentialsRefused'
  /** Entries in accepted requests, those that another entry covers included. */
  | 'EntriesPurged'
  /** Purges that are accepted and not in the journal, so that nobody follows them. */
  | 'PurgesUnfollowed'
  /** Entries that wait since all requests of their scope are refused, whatever they ask for. */
  | 'PurgesRefusedAlike'
  /** Entries that CDN Pro will never accept: they are in the dead letter queue. */
  | 'EntriesRejected'
  /** Entries that wait for tokens of the day from then on. */
  | 'EntriesParked'
  /** Messages that are in the dead letter queue because they are not purge messages. */
  | 'MessagesUnreadable'
  /** Messages that were requeued at the deadline. */
  | 'MessagesGivenBack'
  /** From the oldest change of an accepted request to its acceptance, less what it has waited for tokens of the day. */
  | 'FreshnessSeconds'
  /** The age of the oldest change that was requeued, less the same. SQS's own age starts anew there. */
  | 'WaitingSeconds'
  /** The share of the rate limit's window that is used, whenever a request asks for a slot. */
  | 'BudgetUsedPercent';

/** What `tick` measures, while something waits for tokens of the day or few are left. */
type TickMetricName =
  /** URLs that are parked, with the dimension `lane`. */
  | 'ParkedEntries'
  /** The age of the oldest change that waits for a token, with the dimension `lane`. */
  | 'OldestParkedSeconds'
  /** Until the last that waits now will have its token. */
  | 'DoneBySeconds'
  /** Tokens that are left of the day's files, and of its directories. */
  | 'FilesLeft'
  | 'DirsLeft'
  /** The used share of what the day has for people, of files or directories, whichever is larger. */
  | 'TokensUsedPercent'
  /** How far the own count and `purgeTokens` are apart, in percent of the quota. */
  | 'TokensMiscountedPercent';

/** What `tick` measures of the purges that it follows. */
type FollowMetricName =
  /** From the acceptance of a purge until CDN Pro had finished it in full. */
  | 'CompletionSeconds'
  /** Purges that some servers have left out. */
  | 'PurgesPartial'
  /** Purges whose entries were sent again. */
  | 'Repairs'
  /** Purges that some servers may have left out for good. */
  | 'PurgesFailed'
  /** Purges that take too long. */
  | 'PurgesLate'
  /** From the oldest change of a purge until each probe had seen its new version. */
  | 'FreshSeconds'
  /** Probes that saw an old version. */
  | 'ProbesStale'
  /** Probes that could not tell. */
  | 'ProbesUnproven';

/** What the functions measure. Each is published once an invocation has ended. */
export type FunctionMetricName = ReceiverMetricName | SubmitMetricName | TickMetricName | FollowMetricName;

/** The metrics in the project's namespace. */
export type MetricName = FunctionMetricName | AccessLogMetricName;

/** @returns the unit of a metric, which its name ends with; CloudWatch's name of it */
export function unitOf(name: MetricName): 'Seconds' | 'Percent' | 'Count' {
  if (name.endsWith('Seconds')) return 'Seconds';
  return name.endsWith('Percent') ? 'Percent' : 'Count';
}
