import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from 'vitest';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { readPause } from '../../infra/cli/purger/pause.ts';
import { describePause } from '../../infra/cli/queries/pause.ts';

const since = '2026-11-27T00:00:00.000Z';
const noted = {
  since,
  by: 'arn:aws:iam::111122223333:user/ann',
  reason: 'the origin is repaired',
  notedAt: since,
};
const off = { submit: 'Disabled', tick: 'DISABLED' };

/** A purger in whose table this was noted. */
function purgerWith(item: object | undefined): Purger {
  const send = async () => (item === undefined ? {} : { Item: marshall(item) });
  return { clients: { dynamodb: async () => ({ send }) }, tables: { parked: 'Parked' } } as unknown as Purger;
}

test('a pause is since when, by whom and for what it was noted', async () => {
  const pause = await readPause(purgerWith(noted), { ...off, changedAt: '2026-11-27T00:00:40.000Z' });
  expect(pause).toEqual({ since, by: noted.by, reason: noted.reason });
  expect(describePause(pause ?? {})).toBe(`since ${since}, by ${noted.by}, for "${noted.reason}"`);
});

test('what was noted of an earlier pause is not said of one that a deployment began', async () => {
  const changedAt = '2026-11-28T00:00:00.000Z';
  expect(await readPause(purgerWith(noted), { ...off, changedAt })).toEqual({ since: changedAt });
  expect(await readPause(purgerWith(undefined), { ...off, changedAt })).toEqual({ since: changedAt });
});

test('a purger that is not paused has no pause, whatever was noted', async () => {
  const on = { submit: 'Enabled', tick: 'ENABLED' };
  expect(await readPause(purgerWith(noted), on)).toBeUndefined();
});

test('who may not read what was noted is told what the switches say', async () => {
  const send = async () => {
    throw Object.assign(new Error('no'), { name: 'AccessDeniedException' });
  };
  const purger = {
    ...purgerWith(undefined),
    clients: { dynamodb: async () => ({ send }) },
  } as unknown as Purger;
  const pause = await readPause(purger, off);
  expect(describePause(pause ?? {})).toBe('for no noted reason');
});
