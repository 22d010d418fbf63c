import type { NextCommand } from '../next.ts';
import { nextOfLate } from './progress.ts';
import type { Status } from './status.ts';

/** What to do where requests are refused or held, by what CDN Pro has answered. */
export const nextOfRefused = {
  credentials: ['doctor', 'what CDN Pro answers, and how to correct the credentials'],
  throttled: ['quota', 'which limit holds requests, until when, and in which words of CDN Pro'],
} as const satisfies Readonly<Record<string, NextCommand>>;

/** @returns what to do by a status: what holds all else first, each command once */
export function statusSteps(status: Status): readonly NextCommand[] {
  const all = [...stepsOfHolds(status), ...stepsOfWaiting(status), ...stepsOfPurges(status)];
  return all.filter(([command], index) => all.findIndex(([other]) => other === command) === index);
}

function stepsOfHolds(status: Status): readonly NextCommand[] {
  const { observing, paused, credentialsRefusedUntil, closedBy, isSpentKnown } = status;
  return [
    ...(observing ? [['report', 'what would have been purged'] as const] : []),
    ...(paused ? [['resume', 'once it is to go on'] as const] : []),
    ...(credentialsRefusedUntil === undefined ? [] : [nextOfRefused.credentials]),
    ...(closedBy === 'CDN Pro answered 429' ? [nextOfRefused.throttled] : []),
    ...(isSpentKnown ? [] : [['doctor', 'whether CDN Pro says what is left of the day'] as const]),
  ];
}

function stepsOfWaiting(status: Status): readonly NextCommand[] {
  const { queued, parked, observing, paused, closedUntil, credentialsRefusedUntil, requests } = status;
  const isParked = Object.values(parked).some((count) => count > 0);
  const isHeld = observing || paused || closedUntil !== undefined || credentialsRefusedUntil !== undefined;
  return [
    ...(isParked ? [['waiting', 'which URLs wait, and until when'] as const] : []),
    ...(queued === 0 || isHeld ? [] : requests === 0 ? [nextOfUsedUp] : nextOfQueued),
  ];
}

const nextOfUsedUp: NextCommand = ['quota', 'which limit of requests is used up'];
const nextOfQueued: readonly NextCommand[] = [
  ['status', 'in a minute: where as much waits then, docs/operations.md#freshness'],
  ['doctor', 'where as much waits then: whether CDN Pro answers'],
];

function nextOfUnfollowed(purgeIds: readonly string[]): NextCommand {
  const shown = purgeIds.slice(-3).join(', ');
  return [
    'purge URL --wait',
    `with what the log line \`purge accepted\` has of ${shown}: docs/operations.md#purges-late`,
  ];
}

function stepsOfPurges({
  open,
  oldestOpen,
  deadLetters,
  unfollowed,
  alarms = [],
  paused,
}: Status): readonly NextCommand[] {
  const isOn = (name: string) => alarms.some((alarm) => alarm.name.endsWith(`-${name}`));
  // Those that are not followed have the alarm go off, too.
  const isLate = oldestOpen?.isLate === true || (isOn('purges-late') && unfollowed === undefined);
  // While it is paused nobody asks CDN Pro how far they are.
  const isOnItsWay = open > 0 && !isLate && !paused;
  return [
    ...(isLate ? [nextOfLate] : []),
    ...(deadLetters > 0 || isOn('purges-failed') ? [['dead', 'why'] as const] : []),
    ...(unfollowed === undefined ? [] : [nextOfUnfollowed(unfollowed.purgeIds)]),
    ...(isOnItsWay ? [['tail', 'each purge as it ends, which takes minutes'] as const] : []),
  ];
}
