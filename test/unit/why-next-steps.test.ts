import { describe, expect, test } from 'vitest';
import type { PurgeProgress } from '../../infra/cli/queries/progress.ts';
import { readTime } from '../../infra/cli/queries/time.ts';
import { whySteps } from '../../infra/cli/queries/why/next-steps.ts';
import type { UrlState } from '../../infra/cli/queries/why/steps.ts';
import type { WhyPurge, WhyReport, WhyWaiting } from '../../infra/cli/queries/why/why.ts';

const url = 'https://h.example/a';
const changedAt = '2026-11-27T01:00:00.000Z';
const change = { source: 's3', action: 'put', id: 's3://www/a', occurredAt: changedAt } as const;
const reportOf = (state: UrlState, own: Partial<WhyReport> = {}): WhyReport => ({
  url,
  state,
  changes: [{ ...change, state }],
  purges: [],
  deadLetters: [],
  paused: false,
  queued: 0,
  logsRead: false,
  notes: [],
  ...own,
});
const commandsOf = (...report: Parameters<typeof reportOf>) =>
  whySteps(reportOf(...report)).map(([command]) => command);

const lateAt = '2026-11-27T01:15:02.000Z';
const acceptedAt = '2026-11-27T01:00:02.000Z';
const progress: PurgeProgress = { purgeId: 'p', acceptedAt, minutes: 3, isLate: false, lateAt };
const purge: WhyPurge = {
  purgeId: 'p',
  state: 'purging',
  progress,
  acceptedAt,
  target: 'production',
  lane: 'people',
  repair: 0,
  entries: [url],
  changes: [change.id],
  messages: [],
};
const waiting: WhyWaiting = { lane: 'people', since: changedAt, reason: 'tokens' };
const throttled = { by: 'CDN Pro answered 429', until: lateAt } as const;
const refused = { by: 'CDN Pro refuses the credentials', until: lateAt } as const;
const wait = `wait ${url} --since ${changedAt}`;

test.each<[name: string, state: UrlState, own: Partial<WhyReport>, commands: readonly string[]]>([
  ['on its way', 'purging', { purges: [purge] }, [`why ${url}`, wait]],
  [
    'late',
    'purging',
    { purges: [{ ...purge, progress: { ...progress, isLate: true } }] },
    ['doctor', `why ${url}`],
  ],
  ['finished by CDN Pro', 'purging', { purges: [{ ...purge, successRate: 100 }] }, [`why ${url}`, wait]],
  ['parked, and held by a 429', 'waiting', { waiting, closed: throttled }, ['quota', 'waiting']],
  ['held by refused credentials', 'unknown', { queued: 1, closed: refused }, ['doctor', 'status']],
  [
    'late with refused credentials',
    'purging',
    { purges: [{ ...purge, progress: { ...progress, isLate: true } }], closed: refused },
    ['doctor', `why ${url}`],
  ],
  [
    'paused while requests are held',
    'waiting',
    { waiting, paused: true, closed: throttled },
    ['status', 'resume'],
  ],
  ['repaired', 'partial', {}, [`why ${url}`, wait]],
  ['sent again', 'superseded', {}, [`why ${url}`, wait]],
  ['parked', 'waiting', { waiting }, ['waiting', 'quota']],
  ['released next', 'waiting', { waiting: { lane: 'people', since: changedAt } }, [`why ${url}`]],
  ['not parked any more', 'waiting', {}, [`why ${url}`]],
  ['rejected', 'failed', {}, ['dead', 'redrive']],
  ['only observed', 'observed', {}, ['report']],
  ['completed', 'completed', {}, []],
  ['fresh', 'fresh', {}, []],
  ['in the queues', 'unknown', { queued: 1 }, ['status']],
])('what is %s has the commands to run next', (_, state, own, commands) => {
  expect(commandsOf(state, own)).toEqual(commands);
});

test.each<UrlState>(['waiting', 'purging', 'partial', 'superseded', 'unknown'])(
  'while it is paused, what is %s goes on only once that is ended, and who began it is named first',
  (state) => {
    expect(commandsOf(state, { purges: [purge], waiting, paused: true })).toEqual(['status', 'resume']);
  },
);

describe('a purge on its way', () => {
  const purposes = (purges: readonly WhyPurge[]) =>
    whySteps(reportOf('purging', { purges })).map(([, purpose]) => purpose);

  test('says how often CDN Pro is asked, and from when on the first of them is late', () => {
    const later = { ...progress, lateAt: '2026-11-27T01:16:00.000Z' };
    expect(purposes([{ ...purge, progress: later }, purge])[0]).toBe(
      `how far it is: CDN Pro is asked each minute; from ${lateAt} on it is late: docs/operations.md#purges-late`,
    );
  });

  test('says what is waited for where CDN Pro has finished it', () => {
    expect(purposes([{ ...purge, successRate: 100 }])[0]).toBe('in a minute: what the edges show');
    expect(purposes([{ ...purge, successRate: 100 }, purge])[0]).toContain('CDN Pro is asked each minute');
  });

  test('is waited for since its change, which the command takes', () => {
    expect(readTime('--since', changedAt, Date.parse(acceptedAt))).toBe(Date.parse(changedAt));
    const yesterday = { ...change, occurredAt: 'yesterday', state: 'purging' } as const;
    expect(commandsOf('purging', { changes: [yesterday] })).toContain(`wait ${url}`);
  });
});

test('what waits is offered a purge by hand exactly where that has a token now', () => {
  const offered = (sooner?: WhyWaiting['sooner']) =>
    commandsOf('waiting', { waiting: { ...waiting, ...(sooner && { sooner }) } }).slice(2);
  expect(offered()).toEqual([]);
  expect(offered('people')).toEqual([`purge ${url}`]);
  expect(offered('takedown')).toEqual([`purge ${url} --delete`]);
});
