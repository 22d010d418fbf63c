/** The messages of log lines of `submit`, as `log-events.ts` has those of others: its bundle has no room for their names. */

export const purgeAccepted = 'purge accepted';
export const purgeObserved = 'purge observed: nothing was sent to CDN Pro';
export const purgeNotRecorded = 'purge accepted and not written into the journal: it is not followed';
export const unfollowedNotNoted = 'purge accepted and not followed: cdn-purger status does not know it';
export const purgeNotIndexed = 'purge accepted and not found by its URLs: cdn-purger why does not know it';
export const requestRefused = 'purge request refused: entries at fault isolated, the rest will be retried';
export const failedAlone = 'purge of one entry failed, as it did before: it will be retried by itself';
export const refusedAlike =
  'purges refused alike, whatever they ask for: all with this webhook and these headers wait';
export const isolationSpent = 'purges wait: enough requests were spent on finding out which of them fail';
export const requestFailed = 'purge request failed: it will be retried';
export const throttled = 'throttled by CDN Pro: requests paused';
export const credentialsRefusedOnce = 'credentials refused by CDN Pro: the secret is read again';
export const credentialsRefused =
  'credentials refused by CDN Pro: put valid ones into the credentials secret';
export const smallerRequests =
  'CDN Pro accepts smaller requests than configured: lower maxFileUrls or maxBodyBytes';
export const entryRejected = 'entry rejected by CDN Pro: moved to the dead letter queue';
export const messageUnreadable = 'message moved to the dead letter queue: not a purge message';
export const recoveredNotNoted = 'remembered objects unavailable: recovered S3 events will be retried';
export const batchFailed =
  'batch failed: its halves are submitted by themselves, a single message comes again';
export const messagesRequeued = 'messages requeued';
export const entriesParked = 'entries parked: they wait for tokens of the day';
export const entriesNotParked = 'entries not parked: their messages are requeued';
export const purgedNotRemoved = 'purged entries still parked: they will be purged again';
export const tokensRead = "day's tokens read: there are too few, or a purge was refused";
export const quotasRead = "day's quotas read: there were too few tokens";
export const tokensUnread = "day's tokens not read: the own count holds";
export const limitsUnread = 'limits not read or not written: what is sent is limited all the same';
export const siblingsCoalesced = 'sibling URLs coalesced: their directory is purged instead';
export const slotsUnavailable = 'rate limit table or credentials unavailable: purge requests will be retried';
export const slotTooOld = 'purge request not sent: its slot is too old; it will be retried';
export const windowNotClosed = 'rate limit window not closed: other consumers do not know of the pause';
export const stricterLimit =
  'stricter rate limit applies: another deployment with the same CDN Pro user declares it';
