import { expect, test } from 'vitest';
import { statusOf } from '../../infra/cli/queries/status.ts';

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

test('on the local stack, which has no alarms, it is fresh while nothing waits', () => {
  expect(statusOf({ ...quiet, alarms: undefined }).fresh).toBe(true);
});
