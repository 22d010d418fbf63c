import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StatusFacts, statusOf } from '../../infra/cli/queries/status.ts';
import { statusSteps } from '../../infra/cli/queries/status-steps.ts';

const none = { visible: 0, inFlight: 0, delayed: 0 };
const tokens = { quota: 1, left: 1, takedown: 1, people: 1, bulk: 1 };
const quiet = {
  queues: { buffer: none, deadLetters: none, inbox: none },
  parked: [],
  beyondShare: 0,
  open: [],
  unread: 0,
  quota: {
    target: 'production',
    files: tokens,
    dirs: tokens,
    isKnown: true,
    requests: { quota: 1, left: 1 },
  },
  observing: false,
  switches: { submit: 'Enabled', tick: 'ENABLED' },
} as unknown as Omit<Parameters<typeof statusOf>[0], 'alarms'>;
const alarm = (name: string, isOn: boolean) => ({
  name: `Stack-Purger-${name}`,
  isOn,
  since: undefined,
  description: '',
  notifiesSomebody: true,
});

test.each([
  ['purges-failed', true, false],
  ['purges-late', true, false],
  ['purges-failed', false, true],
  ['tokens-used', true, true],
])('while nothing waits and the alarm %s is on: %s, it is fresh: %s', (name, isOn, fresh) => {
  const status = statusOf({ ...quiet, alarms: [alarm(name, isOn)] });
  expect([status.fresh, status.why]).toEqual([fresh, fresh ? [] : [`the alarm Stack-Purger-${name} is on`]]);
});

const unfollowed = { count: 3, sinceMs: Date.UTC(2026, 10, 27, 1), lastMs: 0, purgeIds: ['p1', 'p2'] };

test('while purges are not followed it is not fresh, and says how many, since when and what to do', () => {
  const status = statusOf({ ...quiet, unfollowed, alarms: [alarm('purges-late', true)] });
  const since = '2026-11-27T01:00:00.000Z';
  expect(status).toMatchObject({ fresh: false, unfollowed: { count: 3, since, purgeIds: ['p1', 'p2'] } });
  expect(status.why[0]).toBe(
    `3 purges are not followed, since ${since}: whether the edges have obeyed is not known`,
  );
  expect(statusSteps(status)).toEqual([
    [
      'purge URL --wait',
      'with what the log line `purge accepted` has of p1, p2: docs/operations.md#purges-late',
    ],
  ]);
});

test('on the local stack, which has no alarms, it is fresh while nothing waits', () => {
  expect(statusOf({ ...quiet, alarms: undefined }).fresh).toBe(true);
});

const waiting = { ...none, visible: 1 };
const inQueue = { queues: { ...quiet.queues, buffer: waiting } };
const until = '2026-11-27T01:00:00.000Z';
const requests = (own: Partial<StatusFacts['quota']['requests']>) => ({
  quota: { ...quiet.quota, requests: { ...quiet.quota.requests, ...own } },
});
const refused = { credentialsRefusedUntil: until };
const closed = { ...refused, closedUntil: until, closedBy: 'CDN Pro refuses the credentials' } as const;
const throttled = { closedUntil: until, closedBy: 'CDN Pro answered 429' } as const;
const parked = [{ lane: 'people', sinceMs: 0 }] as const;
const open = [{ state: { kind: 'purging' } }] as const;
const oldestOpen = { purgeId: 'p', acceptedAt: until, minutes: 16, isLate: true, lateAt: until };
const paused = { switches: { submit: 'Disabled', tick: 'DISABLED' } };
const dead = { queues: { ...quiet.queues, deadLetters: waiting } };

/** What a status may be made from, and what is to be done then. */
const states: readonly (readonly [
  state: string,
  facts: Partial<Omit<StatusFacts, 'alarms'>> & { readonly on?: readonly string[] },
  commands: readonly string[],
])[] = [
  ['all is well', {}, []],
  ['CDN Pro refuses the credentials', { ...inQueue, ...requests({ ...closed, left: 0 }) }, ['doctor']],
  ['credentials were refused, and are tried again', { ...inQueue, ...requests(refused) }, ['doctor']],
  ['credentials were refused, and nothing waits any more', requests(refused), []],
  ['credentials are refused while URLs wait', { parked, ...requests(closed) }, ['doctor', 'waiting']],
  ['CDN Pro answered 429', { ...inQueue, ...requests({ ...throttled, left: 0 }) }, ['quota']],
  ['no request is left', { ...inQueue, ...requests({ left: 0 }) }, ['quota']],
  ['messages are on their way', inQueue, ['status', 'doctor']],
  ['URLs wait for tokens', { parked }, ['waiting']],
  ['it is paused', { ...inQueue, ...paused, open }, ['resume']],
  ['purges are on their way', { open }, ['tail']],
  ['a purge is late', { open, oldestOpen }, ['doctor']],
  ['the alarm of late purges is on', { open, on: ['purges-late'] }, ['doctor']],
  ['purges are not followed', { unfollowed, on: ['purges-late'] }, ['purge URL --wait']],
  ['a purge has failed', { on: ['purges-failed'] }, ['dead']],
  ['there are dead letters', dead, ['dead']],
  ['it observes', { ...inQueue, observing: true }, ['report']],
  [
    'it is not known what was spent',
    { quota: { ...quiet.quota, isKnown: false }, parked },
    ['doctor', 'waiting'],
  ],
  [
    'much is wrong',
    { ...dead, parked, open, oldestOpen, ...requests(closed) },
    ['doctor', 'waiting', 'dead'],
  ],
];
const stepsOf = ({ on, ...facts }: (typeof states)[number][1]) => {
  const status = statusOf({ ...quiet, ...facts, alarms: on?.map((name) => alarm(name, true)) });
  return { status, commands: statusSteps(status).map(([command]) => command) };
};

test.each(states)('where %s, the commands to run next are those', (_, facts, commands) => {
  expect(stepsOf(facts).commands).toEqual(commands);
});

test('where not all is fresh there is a command to run next, and none comes twice', () => {
  fc.assert(
    fc.property(fc.subarray([...states]), (some) => {
      const { status, commands } = stepsOf(Object.assign({}, ...some.map(([, facts]) => facts)));
      if (!status.fresh) expect(commands).not.toEqual([]);
      expect(commands).toEqual([...new Set(commands)]);
    }),
  );
});

test('credentials that CDN Pro refused a moment ago are named while something waits', () => {
  const why = statusOf({ ...quiet, ...inQueue, ...requests(refused), alarms: undefined }).why;
  expect(why[0]).toBe(`CDN Pro refused the credentials: a request tries again since ${until}`);
  const now = statusOf({ ...quiet, ...inQueue, ...requests(closed), alarms: undefined }).why;
  expect(now[0]).toBe(`CDN Pro refuses the credentials: no request goes out before ${until}`);
});

test('after a 429 it is said which limit has likely answered', () => {
  const by = (limit?: 'bucket' | 'window') => {
    const facts = requests({ ...throttled, throttled: { at: until, ...(limit && { limit }) } });
    return statusOf({ ...quiet, ...facts, alarms: undefined }).why[0];
  };
  const before = `: no request goes out before ${until}`;
  expect(by('bucket')).toBe(`CDN Pro answered 429, likely by the customer's bucket${before}`);
  expect(by()).toBe(`CDN Pro answered 429${before}`);
});
