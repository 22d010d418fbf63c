/** The namespace of the project's metrics in CloudWatch. Each has the dimensions `service` and `purger`. */
export const metricsNamespace = 'CdnProPurger';

/** What the receivers count, each in the log line that says what happened: see `counted.ts`. */
export type CountName =
  /** URLs of rules that CDN Pro would never take. */
  | 'RefusedUrls'
  /** Changes that no rule matches. */
  | 'ChangesUnmatched'
  /** Changes that SQS did not take: their events have to come again. */
  | 'ChangesNotQueued'
  /** Events, records and verified webhooks that are not what their source sends: nothing is purged for them. */
  | 'EventsNotUnderstood'
  /** Webhooks that are not verified, with the dimension `webhook`. */
  | 'WebhooksUnverified'
  /** Webhooks of a name that does not exist, and bodies that are too large. */
  | 'WebhooksRefused';

/** What CloudWatch counts in the access log of the webhooks' API: webhooks that its throttle turned away. */
export type AccessLogCountName = 'WebhooksThrottled';

/** What `submit` measures. Each is published once an invocation has ended. */
export type MetricName =
  /** Purge requests by what CDN Pro made of them. */
  | 'RequestsAccepted'
  | 'RequestsRefused'
  | 'RequestsThrottled'
  | 'RequestsUnavailable'
  | 'CredentialsRefused'
  /** Entries in accepted requests, those that another entry covers included. */
  | 'EntriesPurged'
  /** Entries that CDN Pro will never accept: they are in the dead letter queue. */
  | 'EntriesRejected'
  /** Messages that are in the dead letter queue because they are no purge messages. */
  | 'MessagesUnreadable'
  /** Messages that went back into the buffer at the deadline. */
  | 'MessagesGivenBack'
  /** From the oldest change of an accepted request to its acceptance. */
  | 'FreshnessSeconds'
  /** The age of the oldest change that went back into the buffer. SQS's own age starts anew there. */
  | 'WaitingSeconds'
  /** The share of the rate limit's window that is taken, whenever a request asks for a place. */
  | 'BudgetUsedPercent';

/** @returns the unit of a metric, which its name ends with; CloudWatch's name of it */
export function unitOf(name: MetricName | CountName | AccessLogCountName): 'Seconds' | 'Percent' | 'Count' {
  if (name.endsWith('Seconds')) return 'Seconds';
  return name.endsWith('Percent') ? 'Percent' : 'Count';
}
