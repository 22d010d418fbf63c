/**
 * The messages of all log lines, by who logs them. People's filters and alarms look for them, so that a change of words
 * is a line in the changelog; `docs/log-messages.md` lists them.
 */

/** Of `receive-s3` and `receive-webhook`, where they map changes and put them into the purge queue. */
export const enqueueEvents = {
  changeQueued: 'change queued',
  changeUnmatched: 'change matches no rule',
  changeExcepted: 'change left out by an exception of a rule',
  changeNotQueued: 'change not queued: its event will be retried',
  changeUnpurgeable: 'change not queued: none of its URLs is valid',
  urlInvalid: 'rule produced no valid URL',
} as const;

/** Of `receive-s3`. */
export const s3Events = {
  eventIgnored: 'event ignored',
  changesFiltered: 'changes ignored: they match no object filter',
  changeUnchanged: 'change ignored: the object has the content that was purged last',
  objectsUnknown: 'remembered objects unavailable: their puts are purged',
  objectsNotRecorded: 'remembered objects unavailable: their events will be retried',
  recordNotUnderstood: 'record not understood: moved to the dead letter queue',
  recordNotMoved: 'record not moved to the dead letter queue: its event will be retried',
} as const;

/** Of `receive-webhook`. */
export const webhookEvents = {
  notProcessed: 'webhook not processed: its sender is asked to retry',
  notQueued: 'webhook not queued: its sender is asked to retry',
  unverified: 'webhook refused: not verified',
  secretRefused: "webhook's secret refused: nothing verifies by it",
  malformed: 'webhook refused: unexpected body',
  unknownOrTooLarge: 'webhook refused: unknown name or body too large',
  ignored: 'webhook ignored',
  notUnderstood: 'webhook not understood in full: purged by what is known',
  seenBefore: 'webhook ignored: the delivery was queued before',
  seenUnavailable: 'seen deliveries unavailable: one that comes again is purged again',
  memoryUnavailable: 'entry memory unavailable: former URLs not purged yet',
  invalidNotMoved:
    'change with invalid URLs not moved to the dead letter queue: its sender is asked to retry',
  memoryNotCleared: 'entry memory unavailable: purged URLs will be purged again with the next change',
} as const;

/** Of `tick`. */
export const tickEvents = {
  released: 'parked URLs released into the purge queue',
  notReleased: 'parked URLs not released: the next tick tries again',
  notRemoved: 'parked URL released and not removed: it will be purged again',
  converted: 'parked URLs converted: their directory is purged instead',
  tokensRead: "day's tokens read",
  quotasRead: "day's quotas read",
  tokensUnread: "day's tokens or quotas not read: the own count holds",
} as const;

/** Of `tick`, where it follows purges. */
export const followEvents = {
  purgeEnded: 'purge ended',
  purgeFailed: 'purge failed: some servers may keep the old content',
  purgeSentAgain: 'purge incomplete or lost: its entries are purged again',
  purgeRepeated: 'purge repeated: an edge may have fetched old content again meanwhile',
  notProbed: 'purges not probed: the function that probes has not answered',
  notSampled: 'purge not probed: the journal is not available; the next tick tries again',
  probesStale: 'purge probed: an edge still serves an old version',
  probesUnproven: 'purge probed: the edge does not tell which version it serves',
  notSentAgain: 'entries of a purge not sent again: the next tick tries again',
  notInDeadLetters: 'entries of a failed purge not in the dead letter queue: the next tick tries again',
  endNotPut: 'end of a purge not put onto the event bus: the log and the journal have it',
  progressNotNoted: 'progress of slow purges not noted: status and why do not know it',
  purgesUnread: 'purges not read: CDN Pro is asked again by the next tick',
} as const;

/** Of `configure-bucket`. */
export const bucketEvents = {
  configured: 'bucket configured',
  notConfigured: 'bucket not configured',
} as const;
