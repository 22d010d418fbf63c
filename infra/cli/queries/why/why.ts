import type { Unfollowed } from '../../../../functions/aws/journal/unfollowed-notes.ts';
import type { ParkReason } from '../../../../functions/core/limits/send-or-park.ts';
import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import { firstLane } from '../../../../functions/core/model/lanes.ts';
import { readMessages } from '../../../../functions/core/model/messages/combined-messages.ts';
import type { ChangeReference } from '../../../../functions/core/model/purge-message.ts';
import type { Lane } from '../../../../functions/core/model/types.ts';
import { counted } from '../../counted.ts';
import { observingReason } from '../observing.ts';
import type { PurgeProgress } from '../progress.ts';
import { unknownHosts } from '../purge-by-hand.ts';
import { describeClosed, type Holds } from './holds.ts';
import {
  happenedMsIn,
  newestOf,
  type SettledPurge,
  type Step,
  stateOf,
  stepsOf,
  type UrlFacts,
  type UrlState,
} from './steps.ts';
import type { UrlMatch } from './url-match.ts';

/** Why a URL is as it is. Times are ISO 8601, and the newest comes first. */
export interface WhyReport {
  readonly url: string;
  /** How far its newest change is that is known. */
  readonly state: UrlState;
  readonly reason?: string;
  /** Whether the newest change was refused before CDN Pro has purged anything for it. */
  readonly neverPurged?: true;
  readonly changes: readonly WhyChange[];
  readonly purges: readonly WhyPurge[];
  /** Where it waits for tokens. */
  readonly waiting?: WhyWaiting;
  readonly deadLetters: readonly WhyDeadLetter[];
  /** Whether all purge requests are held. */
  readonly paused: boolean;
  /** What holds all requests, where that holds up this URL. */
  readonly closed?: NonNullable<Holds['closed']>;
  /** Messages in the purge queue, which cannot be looked into, and events before it. */
  readonly queued: number;
  /** Whether it was asked what the logs have of it. */
  readonly logsRead: boolean;
  /** The URL's host, where no rule makes URLs of it. */
  readonly unknownHost?: string;
  /** What else is known, or cannot be. */
  readonly notes: readonly string[];
}

/** A change that has made the URL stale. */
export interface WhyChange extends ChangeReference {
  readonly state: UrlState;
}

/** A purge of the URL. */
export interface WhyPurge {
  readonly purgeId: string;
  readonly state: UrlState;
  readonly reason?: string;
  readonly successRate?: number;
  /** How far it is while CDN Pro has not finished it. */
  readonly progress?: PurgeProgress;
  /** What of it was seen at the edge, and where. */
  readonly proof?: string;
  readonly acceptedAt: string;
  readonly finishedAt?: string;
  readonly target: string;
  /** The lane of the URL itself: others that the purge has may go in another one. */
  readonly lane: Lane;
  /** The number of a repair; 0 for a purge of changes. */
  readonly repair: number;
  /** The purge that it was sent in addition to. */
  readonly repeats?: string;
  /** What has purged the URL: itself, a directory or a pattern. */
  readonly entries: readonly string[];
  /** The IDs of the changes that it was for. */
  readonly changes: readonly string[];
  /** SQS's IDs of the messages that have brought it; purges of older versions have none. */
  readonly messages: readonly string[];
}

/** What of the URL is in the dead letter queue. */
export interface WhyDeadLetter {
  /** SQS's ID of the message. */
  readonly messageId: string;
  readonly reason: string;
  readonly sentAt: string;
}

/** Where a URL waits. */
export interface WhyWaiting {
  readonly lane: Lane;
  /** The purge that has completed, where it waits for a second purge of the same change. */
  readonly repeats?: string;
  readonly since: string;
  /** Why it waits; missing where the next tick releases it. */
  readonly reason?: ParkReason;
  /** By when what waits in its lane will have been released. */
  readonly doneBy?: string;
  /** The lane in which a purge of the URL by hand would have its token now; missing where it would wait, too. */
  readonly sooner?: 'people' | 'takedown';
}

/** What a report is made from. */
export interface WhyFacts extends UrlFacts {
  /** What waits for the URL, as it is shown. */
  readonly waiting?: WhyWaiting;
  /** Messages in the purge queue, which cannot be looked into, and events before it. */
  readonly queued: number;
  /** Dead letters that were not looked at. */
  readonly lettersLeft: number;
  /** Purges that are not in the journal; missing where there are none. */
  readonly unfollowed?: Unfollowed;
  /** How far purges are that CDN Pro has not finished. */
  readonly progress?: readonly PurgeProgress[];
  readonly paused: boolean;
  /** Until when no request goes out; missing where requests do. */
  readonly closed?: NonNullable<Holds['closed']>;
  readonly observing: boolean;
  /** The hosts of the rules; empty where they do not say. */
  readonly hosts: readonly string[];
  /** The first day of which purges are known by their URLs, `none` where there is none; missing where it is 90 days ago. */
  readonly knownSince?: string;
}

/** What is looked at in addition, so that nobody has to be told how. */
interface AlsoRead {
  readonly logs?: boolean;
  /** Which changes purge it, by a configuration or the rules that are deployed. */
  readonly rules?: boolean;
}

/** @returns why a URL is as it is */
export function whyReport(url: string, match: UrlMatch, facts: WhyFacts, alsoRead: AlsoRead = {}): WhyReport {
  const steps = stepsOf(facts, match);
  const { state, reason } = newestOf(steps) ?? { state: 'unknown' as const };
  const { waiting } = facts;
  const unknownHost = unknownHostOf(url, facts);
  const closed = isHeldUp(state, facts) ? facts.closed : undefined;
  return {
    url,
    state,
    ...(reason !== undefined && { reason }),
    ...(state === 'failed' && isNeverPurged(steps) && { neverPurged: true }),
    changes: changesOf(steps),
    purges: facts.purges.map((purge) => purgeOf(purge, match, facts)),
    ...(waiting !== undefined && { waiting }),
    deadLetters: lettersOf(facts, match),
    paused: facts.paused,
    ...(closed !== undefined && { closed }),
    queued: facts.queued,
    logsRead: alsoRead.logs === true,
    ...(unknownHost !== undefined && { unknownHost }),
    notes: [
      ...notesOf(facts),
      ...(closed === undefined ? [] : [describeClosed(closed)]),
      ...(steps.length > 0 ? [] : unknownNotes(facts, unknownHost, alsoRead)),
    ],
  };
}

/** All that there is of the newest change is in the dead letter queue. */
function isNeverPurged(steps: readonly Step[]): boolean {
  const happenedMs = happenedMsIn(steps);
  const newestMs = Math.max(...steps.map(happenedMs));
  return steps.every((step) => happenedMs(step) < newestMs || !step.isAccepted);
}

/** How far a purge is that CDN Pro has accepted cannot be asked with credentials that it refuses. */
function isHeldUp(state: UrlState, { queued, closed }: WhyFacts): boolean {
  if (queued > 0 || state === 'waiting' || state === 'partial' || state === 'superseded') return true;
  return state === 'purging' && closed?.by === 'CDN Pro refuses the credentials';
}

function unknownHostOf(url: string, { hosts }: WhyFacts): string | undefined {
  const file = { kind: 'file', url, target: 'production', action: 'invalidate' } as const;
  return hosts.length === 0 ? undefined : unknownHosts([file], hosts)[0];
}

function changesOf(steps: readonly Step[]): readonly WhyChange[] {
  const happenedMs = happenedMsIn(steps);
  const newestFirst = steps.toSorted((a, b) => happenedMs(b) - happenedMs(a));
  const groups = groupBy(newestFirst, ({ change }) => JSON.stringify(change));
  return [...groups.values()].flatMap((own) => {
    const change = own[0]?.change;
    return change === undefined ? [] : [{ ...change, state: stateOf(own, steps).state }];
  });
}

function purgeOf(purge: SettledPurge, { matches }: UrlMatch, facts: WhyFacts): WhyPurge {
  const progress = facts.progress?.find((each) => each.purgeId === purge.purgeId);
  const { purgeId, target, acceptedMs, repair, state, messages } = purge;
  const { kind, reason, successRate, finishedMs, proof } = state;
  const own = messages.filter(({ entries }) => entries.some(matches));
  const repeats = own.flatMap((message) => message.repeats ?? []);
  return {
    purgeId,
    state: kind,
    ...(reason !== undefined && { reason }),
    ...(successRate !== undefined && { successRate }),
    ...(progress !== undefined && { progress }),
    ...(proof !== undefined && { proof }),
    acceptedAt: iso(acceptedMs),
    ...(finishedMs !== undefined && { finishedAt: iso(finishedMs) }),
    target,
    // A message without one goes where people's do.
    lane: own.map((message) => message.lane ?? 'people').reduce(firstLane, 'bulk'),
    repair,
    ...(own.length > 0 && repeats.length === own.length && { repeats: repeats[0] ?? '' }),
    entries: [...new Set(own.flatMap(({ entries }) => entries.filter(matches).map(entryText)))],
    changes: [...new Set(own.flatMap(({ change }) => change?.id ?? []))],
    messages: [...new Set(own.flatMap(({ messageId }) => messageId ?? []))],
  };
}

function lettersOf({ letters }: UrlFacts, { matches }: UrlMatch): readonly WhyDeadLetter[] {
  return letters
    .filter(({ body }) =>
      readMessages(body).some((read) => read.kind === 'message' && read.message.entries.some(matches)),
    )
    .map(({ id, reason, sentAt }) => ({ messageId: id, reason, sentAt }));
}

function notesOf({ queued, lettersLeft, unfollowed, paused, observing }: WhyFacts): readonly string[] {
  return [
    ...(observing ? [observingReason] : []),
    ...(paused ? ['it is paused: changes wait, and nothing is purged'] : []),
    ...(queued > 0
      ? [
          `${counted(queued, 'message waits', 'messages wait')} in the queues: a newer change may be among them`,
        ]
      : []),
    ...(lettersLeft > 0
      ? [
          `${counted(lettersLeft, 'dead letter was', 'dead letters were')} not looked at: cdn-purger dead has them`,
        ]
      : []),
    ...(unfollowed === undefined
      ? []
      : [
          `since ${iso(unfollowed.sinceMs)}, ${counted(unfollowed.count, 'purge', 'purges')} could not be written into the journal: it may have been in one of them (cdn-purger status)`,
        ]),
  ];
}

/** Why there may be nothing. */
function unknownNotes(
  { hosts, knownSince, letters }: WhyFacts,
  host: string | undefined,
  { logs = false, rules = false }: AlsoRead,
): readonly string[] {
  return [
    `${notPurgedSince(knownSince)}, and it is neither parked nor among the dead letters`,
    ...lettersWithoutUrl(letters),
    ...(host === undefined ? [] : [`no rule makes URLs of the host ${host}, only of ${hosts.join(', ')}`]),
    ...(logs
      ? []
      : [
          'a change that matches no rule, is refused, or has the content that was purged last is in the log of its receiver alone: why --logs 3h reads it',
        ]),
    ...(rules
      ? []
      : ['why --config FILE says which changes purge it, and whether the newest ones have arrived']),
  ];
}

function lettersWithoutUrl(letters: WhyFacts['letters']): readonly string[] {
  const { length: count } = letters.filter(({ urls }) => urls.length === 0);
  if (count === 0) return [];
  return [
    `${counted(count, 'dead letter names', 'dead letters name')} no URL: cdn-purger dead says of what they are`,
  ];
}

function notPurgedSince(knownSince: string | undefined): string {
  switch (knownSince) {
    case undefined:
      return 'it was not purged in the last 90 days';
    case 'none':
      return 'no purge of any URL is known: none was made, or by a version that did not write down URLs';
    default:
      return `it was not purged since ${knownSince}: no purge of any URL is known from before that day`;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
