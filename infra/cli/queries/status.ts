import type { Unfollowed } from '../../../functions/aws/journal/unfollowed-notes.ts';
import type { OpenPurge } from '../../../functions/aws/tables/journal-table.ts';
import type { Parked } from '../../../functions/aws/tables/parked-table.ts';
import { lanes } from '../../../functions/core/model/lanes.ts';
import type { Lane } from '../../../functions/core/model/types.ts';
import { counted } from '../counted.ts';
import type { Alarm } from '../purger/alarms.ts';
import { countOf, type QueueCounts } from '../purger/queues/queues.ts';
import { isPaused, type Switches } from '../purger/switches.ts';
import { observingReason } from './observing.ts';
import type { Pause } from './pause.ts';
import type { PurgeProgress } from './progress.ts';
import { type QuotaReport, throttledBy } from './quota.ts';

/** What a status is made from. */
export interface StatusFacts {
  readonly queues: Readonly<Record<'buffer' | 'deadLetters' | 'inbox', QueueCounts>>;
  readonly parked: readonly Pick<Parked, 'lane' | 'sinceMs'>[];
  /** How many of these wait since their sender has had its share of the day, and others wait. */
  readonly beyondShare: number;
  /** What CDN Pro has accepted and not finished. */
  readonly open: readonly Pick<OpenPurge, 'state'>[];
  /** The one of these that was accepted first; missing where CDN Pro has finished all of them. */
  readonly oldestOpen?: PurgeProgress;
  /** What CDN Pro has accepted in the last day and nobody follows; missing where there is none. */
  readonly unfollowed?: Unfollowed;
  /** How many watched queues the command line cannot look into. */
  readonly unread: number;
  readonly quota: QuotaReport;
  readonly switches: Switches;
  /** Missing where nothing is paused. */
  readonly pause?: Pause;
  readonly observing: boolean;
  /** Undefined on the local stack. */
  readonly alarms: readonly Alarm[] | undefined;
}

/** How a purger is. Times are ISO 8601. */
export interface Status {
  /** Whether nothing is known to wait or to have failed. */
  readonly fresh: boolean;
  /** Why it is not fresh, or soon will not be. */
  readonly why: readonly string[];
  /** Messages in queues and parked URLs. */
  readonly waiting: number;
  readonly queued: number;
  readonly parked: Readonly<Record<Lane, number>>;
  /** When the oldest parked change happened. */
  readonly parkedSince?: string;
  /** Purges that CDN Pro has accepted and not finished. */
  readonly open: number;
  /** The one of these that was accepted first; missing where CDN Pro has finished all of them. */
  readonly oldestOpen?: PurgeProgress;
  /** Purges of the last day that could not be written into the journal: how they end is not known. Missing where there are none. */
  readonly unfollowed?: {
    readonly count: number;
    readonly since: string;
    readonly purgeIds: readonly string[];
  };
  readonly deadLetters: number;
  readonly paused: boolean;
  /** Since when, by whom and why, as far as that is known. */
  readonly pause?: Pause;
  /** Whether nothing is purged, since it observes; then nothing is fresh. */
  readonly observing: boolean;
  /** What people may spend of the day's tokens. */
  readonly tokens: { readonly files: number; readonly dirs: number };
  /** How many purge requests may go out now. */
  readonly requests: number;
  /** No request goes out before. */
  readonly closedUntil?: string;
  readonly closedBy?: QuotaReport['requests']['closedBy'];
  /** Until when requests were held, or are, since CDN Pro has refused the credentials; missing where nothing waits. */
  readonly credentialsRefusedUntil?: string;
  /** Whether it is known what was spent of the day's tokens. */
  readonly isSpentKnown: boolean;
  /** Missing on the local stack. */
  readonly alarms?: readonly {
    readonly name: string;
    readonly since?: string;
    readonly description: string;
  }[];
}

/** Alarms of purges that have left the journal's open ones, or that CDN Pro does not finish. */
const purgeAlarms = ['purges-failed', 'purges-late'];

/** @returns how a purger is */
export function statusOf({
  queues,
  parked,
  beyondShare,
  open,
  oldestOpen,
  unfollowed,
  unread,
  quota,
  switches,
  pause,
  observing,
  alarms,
}: StatusFacts): Status {
  const queued = countOf(queues.buffer) + countOf(queues.inbox);
  const deadLetters = countOf(queues.deadLetters);
  const paused = isPaused(switches);
  const on = alarms?.filter(({ isOn }) => isOn);
  const notFresh = (on ?? []).filter(({ name }) => purgeAlarms.some((each) => name.endsWith(`-${each}`)));
  const counts = lanes.map((lane) => [lane, parked.filter((each) => each.lane === lane).length] as const);
  const waiting = queued + parked.length;
  const { closedUntil, closedBy, credentialsRefusedUntil } = quota.requests;
  // Where nothing waits, what has tried again was accepted.
  const isRefused = queued > 0 || closedBy === 'CDN Pro refuses the credentials';
  const refusedUntil = isRefused ? credentialsRefusedUntil : undefined;
  const oldestMs = parked.reduce(
    (oldest, { sinceMs }) => Math.min(oldest, sinceMs),
    Number.POSITIVE_INFINITY,
  );
  return {
    fresh:
      !observing &&
      unfollowed === undefined &&
      waiting + open.length + unread + deadLetters + notFresh.length === 0,
    why: reasonsOf({
      queued,
      parked: parked.length,
      beyondShare,
      open: open.length,
      unfollowed,
      unread,
      deadLetters,
      paused,
      observing,
      quota,
      refusedUntil,
      notFresh,
    }),
    waiting,
    queued,
    parked: Object.fromEntries(counts) as Record<Lane, number>,
    ...(parked.length > 0 && { parkedSince: new Date(oldestMs).toISOString() }),
    open: open.length,
    ...(oldestOpen !== undefined && { oldestOpen }),
    ...(unfollowed !== undefined && { unfollowed: reportOf(unfollowed) }),
    deadLetters,
    paused,
    ...(pause !== undefined && { pause }),
    observing,
    tokens: { files: quota.files.people, dirs: quota.dirs.people },
    requests: quota.requests.left,
    ...(closedUntil !== undefined && { closedUntil }),
    ...(closedBy !== undefined && { closedBy }),
    ...(refusedUntil !== undefined && { credentialsRefusedUntil: refusedUntil }),
    isSpentKnown: quota.isKnown,
    ...(on !== undefined && {
      alarms: on.map(({ name, since, description }) => ({ name, ...(since && { since }), description })),
    }),
  };
}

function reportOf({ count, sinceMs, purgeIds }: Unfollowed): NonNullable<Status['unfollowed']> {
  return { count, since: new Date(sinceMs).toISOString(), purgeIds };
}

function describeUnfollowed({ count, sinceMs }: Unfollowed): string {
  const since = new Date(sinceMs).toISOString();
  return `${counted(count, 'purge is', 'purges are')} not followed, since ${since}: whether the edges have obeyed is not known`;
}

function reasonsOf({
  queued,
  parked,
  beyondShare,
  open,
  unfollowed,
  unread,
  deadLetters,
  paused,
  observing,
  quota: { requests, isKnown },
  refusedUntil,
  notFresh,
}: Pick<Status, 'queued' | 'open' | 'deadLetters' | 'paused' | 'observing'> & {
  readonly parked: number;
  readonly beyondShare: number;
  readonly unfollowed: Unfollowed | undefined;
  readonly unread: number;
  readonly quota: QuotaReport;
  readonly refusedUntil: string | undefined;
  readonly notFresh: readonly Alarm[];
}): readonly string[] {
  return [
    ...(observing ? [observingReason] : []),
    ...(paused ? ['it is paused: changes wait, and nothing is purged'] : []),
    ...(requests.closedUntil === undefined
      ? []
      : [`${requests.closedBy}${limitOf(requests)}: no request goes out before ${requests.closedUntil}`]),
    ...(refusedUntil === undefined || requests.closedUntil !== undefined
      ? []
      : [`CDN Pro refused the credentials: a request tries again since ${refusedUntil}`]),
    ...(queued > 0 ? [`${counted(queued, 'message waits', 'messages wait')} in the queues`] : []),
    ...(parked > 0 ? [`${counted(parked, 'URL waits', 'URLs wait')} for tokens of the day`] : []),
    ...(beyondShare > 0
      ? [`${beyondShare} of these, since their sender has had half of the day, and others wait`]
      : []),
    ...(open > 0 ? [`${counted(open, 'purge is', 'purges are')} on the way to the edges`] : []),
    ...(unfollowed === undefined ? [] : [describeUnfollowed(unfollowed)]),
    ...(unread > 0
      ? [`${counted(unread, 'watched queue is', 'watched queues are')} more than it can look into`]
      : []),
    ...(isKnown ? [] : ['it is not known what was spent of the day: little is sent until CDN Pro tells']),
    ...(deadLetters > 0
      ? [`${counted(deadLetters, 'dead letter was', 'dead letters were')} not purged`]
      : []),
    ...notFresh.map(({ name }) => `the alarm ${name} is on`),
  ];
}

/** Which limit CDN Pro has likely answered by. */
function limitOf({ closedBy, throttled }: QuotaReport['requests']): string {
  const { limit } = throttled ?? {};
  return closedBy !== 'CDN Pro answered 429' || limit === undefined ? '' : `, ${throttledBy[limit].name}`;
}
