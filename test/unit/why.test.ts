import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashOf } from '../../functions/aws/journal/purge-recorder.ts';
import type { Parked } from '../../functions/aws/tables/parked-table.ts';
import { fileKey } from '../../functions/core/model/entry-key.ts';
import type { ChangeReference, PurgeMessage } from '../../functions/core/model/purge-message.ts';
import type { FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { describeAwaited } from '../../infra/cli/queries/why/describe-awaited.ts';
import { describeEvent } from '../../infra/cli/queries/why/describe-event.ts';
import { describeWhy } from '../../infra/cli/queries/why/describe-why.ts';
import { readOneUrl } from '../../infra/cli/queries/why/read-url.ts';
import type { SettledPurge } from '../../infra/cli/queries/why/steps.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import { type WhyFacts, type WhyReport, whyReport } from '../../infra/cli/queries/why/why.ts';
import { waitedPurger, waitedSinceMs } from '../helpers/waited-purger.ts';

const startMs = Date.UTC(2026, 10, 26, 8);
const url = 'https://h.example/news/';
const scope = { target: 'production', action: 'invalidate' } as const;
const file: PurgeEntry = { kind: 'file', url, ...scope };

/** The n-th change: it happens n minutes after the start. */
const changeAt = (minutes: number): ChangeReference => ({
  source: 's3',
  action: 'put',
  id: `s3://www/${minutes}`,
  occurredAt: new Date(startMs + minutes * 60_000).toISOString(),
});

const messageOf = (minutes: number, own: Partial<PurgeMessage> = {}): PurgeMessage => ({
  v: 1,
  change: changeAt(minutes),
  entries: [file],
  ...own,
});

/** A purge that was accepted so many minutes after the start. */
const purgeAt = (
  minutes: number,
  state: SettledPurge['state'],
  ...messages: readonly PurgeMessage[]
): SettledPurge => ({
  purgeId: `p${minutes}`,
  target: 'production',
  lane: 'people',
  acceptedMs: startMs + minutes * 60_000,
  urls: { files: 1, dirs: 0 },
  repair: 0,
  state,
  messages,
});

const parkedOf = (minutes: number, own: Partial<Parked> = {}): Parked => ({
  pk: '',
  version: 1,
  entry: file,
  change: changeAt(minutes),
  lane: 'bulk',
  sinceMs: startMs + minutes * 60_000,
  ...own,
});

const letterOf = (minutes: number, message: PurgeMessage) =>
  readDeadLetter({
    id: 'm',
    sentMs: startMs + minutes * 60_000,
    body: JSON.stringify({ ...message, rejected: { reason: 'not deployed', rejectedAt: '' } }),
    attributes: {},
  });

function why(facts: Partial<WhyFacts>, alsoRead?: Parameters<typeof whyReport>[3]) {
  const all = {
    purges: [],
    parked: [],
    letters: [],
    queued: 0,
    lettersLeft: 0,
    paused: false,
    observing: false,
    hosts: [],
  };
  return whyReport(url, matchUrl(url), { ...all, ...facts }, alsoRead);
}
const stateOf = (facts: Partial<WhyFacts>) => why(facts).state;

const completed = { kind: 'completed', successRate: 100 } as const;
const purging = { kind: 'purging' } as const;
const superseded = { kind: 'superseded', reason: 'sent again' } as const;
const failed = { kind: 'failed', reason: 'not finished within a day' } as const;

describe('the state of a URL is that of its newest change', () => {
  test('while that is purged, whatever was completed before', () => {
    const before = purgeAt(2, completed, messageOf(1));
    expect(stateOf({ purges: [purgeAt(5, purging, messageOf(4)), before] })).toBe('purging');
    expect(stateOf({ purges: [before] })).toBe('completed');
  });

  test('while that waits for tokens, though an older one was purged later', () => {
    const purges = [purgeAt(9, completed, messageOf(1))];
    expect(stateOf({ purges, parked: [parkedOf(5)] })).toBe('waiting');
    expect(stateOf({ purges: [purgeAt(9, completed, messageOf(7))], parked: [parkedOf(5)] })).toBe(
      'completed',
    );
  });

  test('where that is a dead letter, with the reason, until it is purged after all', () => {
    const letters = [letterOf(6, messageOf(5))];
    const purges = [purgeAt(2, completed, messageOf(1))];
    expect(why({ purges, letters })).toMatchObject({ state: 'failed', reason: 'not deployed' });
    const redriven = purgeAt(9, purging, messageOf(5));
    expect(stateOf({ purges: [redriven, ...purges], letters })).toBe('purging');
  });

  test('and where that needs several purges, of the one that is least far', () => {
    const withHeaders: PurgeEntry = { ...file, headers: [{ name: 'accept', value: 'image/webp' }] };
    const purges = [
      purgeAt(6, completed, messageOf(5)),
      purgeAt(5, purging, messageOf(5, { entries: [withHeaders] })),
    ];
    expect(stateOf({ purges })).toBe('purging');
  });

  test('where it was sent again, of what was sent', () => {
    const first = purgeAt(2, superseded, messageOf(1));
    expect(stateOf({ purges: [first] })).toBe('superseded');
    const repair = messageOf(1, { repair: 1 });
    expect(stateOf({ purges: [purgeAt(4, purging, repair), first] })).toBe('purging');
    expect(stateOf({ purges: [purgeAt(4, failed, repair), first] })).toBe('failed');
    expect(stateOf({ purges: [first], parked: [parkedOf(1, { repair: 1 })] })).toBe('waiting');
    // A purge of an older change may take its place.
    expect(stateOf({ purges: [purgeAt(5, completed, messageOf(0)), first] })).toBe('completed');
  });

  test('where the directory alone was sent again that covered it, of that', () => {
    const covered = messageOf(1, { covered: 1 });
    const directory = (id: number, own: Partial<PurgeMessage> = {}) =>
      messageOf(id, { entries: [{ kind: 'dir', url: new URL('**', url).href, ...scope }], ...own });
    const first = purgeAt(2, superseded, directory(0), covered);
    expect(stateOf({ purges: [first] })).toBe('superseded');
    for (const state of [purging, completed, failed]) {
      const repair = purgeAt(4, state, directory(0, { repair: 1 }));
      expect(why({ purges: [repair, first] })).toMatchObject({
        state: state.kind,
        changes: [{ id: 's3://www/1', state: state.kind }, { id: 's3://www/0' }],
      });
      // It was named in place of files, so that no change asks for it.
      const { change: _, ...unasked } = directory(0, { repair: 1 });
      expect(stateOf({ purges: [purgeAt(4, state, unasked), purgeAt(2, superseded, covered)] })).toBe(
        state.kind,
      );
    }
  });

  test('where it is to be deleted, and a purge after it has only invalidated it', () => {
    const deletes = { entries: [{ ...file, action: 'delete' } as const] };
    const first = purgeAt(2, superseded, messageOf(1, deletes));
    const second = purgeAt(5, completed, messageOf(0, { repeats: 'p0' }));
    expect(stateOf({ purges: [second, first] })).toBe('superseded');
    expect(stateOf({ purges: [purgeAt(6, completed, messageOf(0, deletes)), second, first] })).toBe(
      'completed',
    );
    const invalidated = purgeAt(2, superseded, messageOf(1));
    expect(stateOf({ purges: [purgeAt(5, completed, messageOf(0, deletes)), invalidated] })).toBe(
      'completed',
    );
  });

  test('where it has several versions, and a purge after it was of one of them', () => {
    const headers = [{ name: 'accept', value: 'image/webp' }];
    const first = purgeAt(
      2,
      superseded,
      messageOf(1, { entries: [file, { ...file, headers } as PurgeEntry] }),
    );
    const second = purgeAt(5, completed, messageOf(0, { repeats: 'p0' }));
    expect(stateOf({ purges: [second, first] })).toBe('superseded');
    const all = purgeAt(6, completed, messageOf(0, { entries: [dir(url)] }));
    expect(stateOf({ purges: [all, second, first] })).toBe('completed');
    const variants = purgeAt(2, superseded, messageOf(1, { entries: [dir(url)] }));
    expect(stateOf({ purges: [second, variants] })).toBe('superseded');
  });

  test('which a second purge in addition does not take back', () => {
    const first = purgeAt(2, completed, messageOf(1));
    const second = messageOf(1, { repeats: 'p2' });
    expect(stateOf({ purges: [purgeAt(4, purging, second), first] })).toBe('completed');
    expect(stateOf({ purges: [purgeAt(4, completed, second), first] })).toBe('completed');
    expect(stateOf({ purges: [first], parked: [parkedOf(1, { repeats: 'p2' })] })).toBe('completed');
    expect(stateOf({ purges: [purgeAt(4, purging, second)] })).toBe('purging');
  });

  test('which is fresh where a file was proven, and not what was purged with it', () => {
    const shown: PurgeEntry = { ...file, shows: { etag: '"1"', sinceMs: startMs } };
    const fresh = { kind: 'fresh', successRate: 100, proof: '1 of 1 URLs seen at default' } as const;
    const first = purgeAt(2, fresh, messageOf(1, { entries: [shown] }));
    expect(why({ purges: [first] })).toMatchObject({ state: 'fresh', purges: [{ proof: fresh.proof }] });
    expect(stateOf({ purges: [purgeAt(2, fresh, messageOf(1))] })).toBe('completed');
    const second = messageOf(1, { entries: [shown], repeats: 'p2' });
    expect(stateOf({ purges: [purgeAt(4, purging, second), first] })).toBe('fresh');
    // The second purge has seen the old version: what is purged again is on its way.
    for (const state of [failed, superseded]) {
      expect(stateOf({ purges: [purgeAt(4, state, second), first] })).toBe(state.kind);
    }
    const repair = purgeAt(6, purging, { ...second, repair: 1 });
    expect(stateOf({ purges: [repair, purgeAt(4, superseded, second), first] })).toBe('purging');
    const proven = purgeAt(4, fresh, second);
    expect(stateOf({ purges: [proven, purgeAt(2, completed, messageOf(1, { entries: [shown] }))] })).toBe(
      'fresh',
    );
  });

  test('which a version that was seen of an older change does not prove', () => {
    const shows = (etag: string, minutes: number, sequencer?: string): PurgeEntry => ({
      ...file,
      shows: { etag, sinceMs: startMs + minutes * 60_000, ...(sequencer !== undefined && { sequencer }) },
    });
    const pageOf = (value: string): PurgeEntry => ({
      ...file,
      shows: { header: { name: 'x-entry-version', value }, sinceMs: startMs },
    });
    const fresh = { kind: 'fresh', successRate: 100 } as const;
    const first = purgeAt(6, superseded, messageOf(5, { entries: [shows('b', 5)] }));
    // The event of the older change came late.
    const late = purgeAt(7, fresh, messageOf(1, { entries: [shows('a', 1)] }));
    expect(why({ purges: [late, first] })).toMatchObject({
      state: 'completed',
      reason: 'not proven: what was seen may be the version of an older change',
    });
    const repair = purgeAt(9, fresh, messageOf(5, { entries: [shows('b', 5)], repair: 1 }));
    expect(stateOf({ purges: [repair, late, first] })).toBe('fresh');
    // Two changes of one second: S3 tells their order.
    const second = purgeAt(6, completed, messageOf(5, { entries: [shows('b', 5, '0A02')] }));
    const before = purgeAt(7, fresh, messageOf(5, { entries: [shows('a', 5, '0A01')] }));
    expect(stateOf({ purges: [before, second] })).toBe('completed');
    // Of two versions of a CMS with one time nobody knows.
    const [one, other] = ['7', '8'].map((value, index) =>
      purgeAt(6 + index, index === 0 ? completed : fresh, messageOf(5, { entries: [pageOf(value)] })),
    );
    expect(stateOf({ purges: [other, one].flatMap((each) => each ?? []) })).toBe('completed');
    expect(stateOf({ purges: other === undefined ? [] : [other] })).toBe('fresh');
  });

  test('where it was seen to be old, whatever else was purged before that', () => {
    const shown: PurgeEntry = { ...file, shows: { etag: 'b', sinceMs: startMs } };
    const stale = [hashOf(fileKey(shown as FileEntry))];
    const finishedMs = startMs + 4 * 60_000;
    const seen = { ...superseded, successRate: 100, finishedMs, stale };
    const first = purgeAt(2, seen, messageOf(1, { entries: [shown] }));
    const listing = messageOf(0, { entries: [dir('https://h.example/news/**')] });
    expect(stateOf({ purges: [purgeAt(3, completed, listing), first] })).toBe('superseded');
    expect(stateOf({ purges: [purgeAt(5, completed, listing), first] })).toBe('completed');
    const repair = messageOf(1, { entries: [shown], repair: 1, repeats: 'p2' });
    for (const minutes of [3, 5]) {
      expect(stateOf({ purges: [purgeAt(minutes, purging, repair), first] })).toBe('purging');
    }
  });

  test('which another file of its purge, that was seen to be old, does not take back', () => {
    const old: PurgeEntry = { ...file, url: 'https://h.example/old', shows: { etag: '1', sinceMs: startMs } };
    const shown: PurgeEntry = { ...file, shows: { etag: '2', sinceMs: startMs } };
    const listing = dir('https://h.example/news/**');
    for (const kind of ['superseded', 'failed', 'partial'] as const) {
      const state = { kind, successRate: 100, reason: 'old', stale: [hashOf(fileKey(old as FileEntry))] };
      const stateWith = (entry: PurgeEntry, ...others: readonly SettledPurge[]) =>
        stateOf({ purges: [...others, purgeAt(2, state, messageOf(1, { entries: [old, entry] }))] });
      for (const entry of [file, shown, listing]) expect(stateWith(entry)).toBe('completed');
      expect(why({ purges: [purgeAt(2, state, messageOf(1, { entries: [old, shown] }))] }).reason).toBe(
        'not proven: another file of its purge was seen to be old',
      );
      const second = messageOf(1, { entries: [shown], repeats: 'p2' });
      expect(stateWith(shown, purgeAt(4, { kind: 'fresh' }, second))).toBe('fresh');
      const ofShown = { ...state, stale: [hashOf(fileKey(shown as FileEntry))] };
      expect(stateOf({ purges: [purgeAt(2, ofShown, messageOf(1, { entries: [old, shown] }))] })).toBe(kind);
    }
  });

  test('unknown where there is none, with what is known', () => {
    expect(why({ hosts: ['www.example.com'], queued: 2, paused: true })).toMatchObject({
      state: 'unknown',
      changes: [],
      purges: [],
      notes: [
        'it is paused: changes wait, and nothing is purged',
        '2 messages wait in the queues: a newer change may be among them',
        expect.stringContaining('90 days'),
        'no rule makes URLs of the host h.example, only of www.example.com',
        expect.stringContaining('why --logs 3h reads it'),
        expect.stringContaining('why --config FILE says which changes purge it'),
      ],
    });
  });

  test('unknown, and nobody is told to look where it was looked', () => {
    const { notes } = why({}, { logs: true, rules: true });
    expect(notes).toEqual([expect.stringContaining('90 days')]);
  });

  test('unknown: the cause is looked for before it is purged by hand', () => {
    expect(commandsIn(why({}))).toEqual(['doctor', `why ${url} --logs 3h`, `purge ${url}`]);
    expect(commandsIn(why({}, { logs: true }))).toEqual(['doctor', `purge ${url}`]);
    // It would wait behind what waits.
    expect(commandsIn(why({ queued: 1 }))).toEqual(['status']);
    expect(commandsIn(why({ hosts: ['www.example.com'] }))).toEqual(['doctor', `why ${url} --logs 3h`]);
    expect(commandsIn(why({ paused: true, queued: 1 }))).toEqual(['status', 'resume']);
  });
});

test('a host that no rule names is not purged by hand, as CDN Pro may reject it', () => {
  const other = why({ hosts: ['www.example.com'] });
  expect(other).toMatchObject({ unknownHost: 'h.example' });
  expect(describeWhy(other)).not.toContain('cdn-purger purge');
  expect(why({ hosts: ['h.example'] })).not.toHaveProperty('unknownHost');
});

test('what was rejected is said to be never purged, exactly where nothing of its newest change was accepted', () => {
  const before = purgeAt(2, completed, messageOf(1));
  const never = why({ purges: [before], letters: [letterOf(6, messageOf(5))] });
  expect(never).toMatchObject({ state: 'failed', neverPurged: true });
  expect(describeWhy(never)).toContain(
    '  failed: its newest change was never purged, and is in the dead letter queue\n  not deployed\n',
  );
  const partial = purgeAt(5, { kind: 'superseded' }, messageOf(5));
  for (const facts of [
    { purges: [purgeAt(6, failed, messageOf(5))] },
    { purges: [partial], letters: [letterOf(6, messageOf(5, { repair: 1 }))] },
    { letters: [letterOf(6, messageOf(5, { repair: 1 }))] },
    { letters: [letterOf(6, messageOf(5, { repeats: 'p5' }))] },
  ]) {
    expect(why(facts)).toMatchObject({ state: 'failed' });
    expect(why(facts)).not.toHaveProperty('neverPurged');
    expect(describeWhy(why(facts))).toContain('failed: some servers may show the old version');
  }
});

test('where older changes and purges are left out, it is said what has them', () => {
  const many = Array.from({ length: 6 }, (_, at) => purgeAt(at + 1, completed, messageOf(at)));
  const report = why({ purges: many.toReversed() });
  const printed = describeWhy(report);
  expect(printed).toContain(
    `\nNext: npx cdn-purger report --url ${url}  # older changes and purges, which are left out here`,
  );
  expect(describeWhy(report, Number.POSITIVE_INFINITY)).not.toContain('report --url');
  expect(describeWhy(why({ purges: many.slice(0, 5) }))).not.toContain('report --url');
});

test('a change by hand is said to be that', () => {
  const change = { source: 'cdn-purger', action: 'delete', id: 'ticket 12', by: 'ana' } as const;
  const at = { ...change, occurredAt: changeAt(1).occurredAt };
  const printed = describeWhy(why({ purges: [purgeAt(2, completed, messageOf(1, { change: at }))] }));
  expect(printed).toContain('changed    by hand, delete: ticket 12, by ana\n');
});

test('what is not known of a URL is not known for longer than purges are', () => {
  const noted = (facts: Partial<WhyFacts>) => why(facts).notes.join('\n');
  expect(noted({})).toContain('not purged in the last 90 days');
  const withoutUrl = readDeadLetter({ id: 'm', sentMs: startMs, body: 'x', attributes: {} });
  expect(noted({ letters: [withoutUrl] })).toContain('1 dead letter names no URL');
  expect(noted({})).not.toContain('dead letter names');
  expect(noted({ knownSince: '2026-11-20' })).toContain('not purged since 2026-11-20');
  expect(noted({ knownSince: 'none' })).toContain('no purge of any URL is known');
  for (const knownSince of ['none', '2026-11-20']) expect(noted({ knownSince })).not.toContain('90 days');
});

test('a purge that is not in the journal may have been of the URL', async () => {
  const url = 'https://h.example/a';
  const facts = await waitedPurger({ unfollowedMs: waitedSinceMs }).facts(url);
  expect(whyReport(url, matchUrl(url), { ...facts, hosts: [] }).notes).toContain(
    'since 2026-11-26T08:00:00.000Z, 1 purge could not be written into the journal: it may have been in one of them (cdn-purger status)',
  );
  expect(await waitedPurger().facts(url)).not.toHaveProperty('unfollowed');
});

test('a report has the rules of a change, the SQS messages of a purge, and its dead letters', () => {
  const change = { ...changeAt(1), rules: ['posts', 'rules[3]'] };
  const messages = ['m1', 'm2'].map((messageId) => ({ ...messageOf(1, { change }), messageId }));
  const other = letterOf(4, messageOf(4, { entries: [{ ...file, url: 'https://h.example/' }] }));
  const letters = [letterOf(3, messageOf(1)), other];
  const report = why({ purges: [purgeAt(2, completed, ...messages)], letters });
  expect(report).toMatchObject({
    changes: [{ rules: ['posts', 'rules[3]'] }, {}],
    purges: [{ messages: ['m1', 'm2'] }],
    deadLetters: [{ messageId: 'm', reason: 'not deployed' }],
  });
  expect(report.deadLetters).toHaveLength(1);
  const printed = describeWhy(report);
  expect(printed).toContain('s3: put s3://www/1, by the rules "posts", "rules[3]"\n');
  expect(printed).toContain(', people, from the message m1 and 1 more\n');
  expect(printed).toContain('rejected   dead letter m: for the reason above');
});

test('a report has the changes and the purges, and says in words what happened in its order', () => {
  const report = why({
    purges: [purgeAt(2, { ...completed, finishedMs: startMs + 180_000 }, messageOf(1))],
    parked: [parkedOf(5)],
    waiting: { lane: 'bulk', since: changeAt(5).occurredAt, reason: 'tokens' },
  });
  expect(report).toMatchObject({
    changes: [
      { ...changeAt(5), state: 'waiting' },
      { ...changeAt(1), state: 'completed' },
    ],
    purges: [{ purgeId: 'p2', state: 'completed', entries: [url], changes: ['s3://www/1'], repair: 0 }],
  });
  expect(describeWhy(report)).toBe(
    [
      'https://h.example/news/',
      '  waiting for tokens of the day',
      '',
      '  2026-11-26T08:01:00.000Z  changed    s3: put s3://www/1',
      '  2026-11-26T08:02:00.000Z  accepted   purge p2: https://h.example/news/ in production, people',
      '  2026-11-26T08:03:00.000Z  finished   purge p2: 100% of the servers have obeyed',
      '  2026-11-26T08:05:00.000Z  changed    s3: put s3://www/5',
      '  2026-11-26T08:05:00.000Z  waits      since then, bulk, done by nobody knows yet',
      '',
      'Next: npx cdn-purger waiting  # what goes before it, and until when',
      '      npx cdn-purger quota  # what is left of the day, and who has spent the rest; docs/operations.md#people-waiting has ways out',
    ].join('\n'),
  );
  const waiting = { lane: 'bulk', since: '2026-11-26T08:05:00.000Z', reason: 'share' } as const;
  expect(describeWhy({ ...report, waiting })).toContain(
    'done by nobody knows yet: the sender has had half of the day, and others wait',
  );
});

test('the lane of a purge is that of the URL, whatever else the purge has', () => {
  const other: PurgeEntry = { kind: 'file', url: 'https://h.example/gone', ...scope };
  const lane = fc.constantFrom('takedown', 'people', 'bulk', undefined);
  fc.assert(
    fc.property(lane, fc.array(lane, { maxLength: 3 }), (own, others) => {
      const messages = [
        ...others.map((each) => messageOf(0, { entries: [other], ...(each && { lane: each }) })),
        messageOf(1, own && { lane: own }),
      ];
      const purge = { ...purgeAt(2, completed, ...messages), lane: 'takedown' } as const;
      const printed = describeWhy(why({ purges: [purge] }));
      expect(printed).toContain(`${url} in production, ${own ?? 'people'}\n`);
    }),
  );
});

test('what waits for a second purge is not said to wait for a change', () => {
  const waiting = { lane: 'people', since: changeAt(5).occurredAt, repeats: 'p2' } as const;
  const report = why({ purges: [purgeAt(2, completed, messageOf(1))], parked: [parkedOf(5)], waiting });
  expect(describeWhy(report)).toContain('waits      a second purge, after p2: since then, people, done by');
});

test('a purge is finished after it was accepted, though CDN Pro says when in whole seconds', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5000 }), fc.nat({ max: 3000 }), (acceptedMs, tookMs) => {
      const finishedMs = Math.floor((startMs + acceptedMs + tookMs) / 1000) * 1000;
      const purge = purgeAt(acceptedMs / 60_000, { ...completed, finishedMs }, messageOf(0));
      const printed = describeWhy(why({ purges: [purge] }));
      const [, accepted = '', finished = ''] =
        /(\S+) +accepted +purge .*\n +(\S+) +finished +purge /.exec(printed) ?? [];
      expect(accepted).not.toBe('');
      expect(finished >= accepted).toBe(true);
    }),
  );
});

const dir = (url: string): PurgeEntry => ({ kind: 'dir', url, ...scope });
const regex = (pattern: string): PurgeEntry => ({ kind: 'regex', pattern, ...scope });

test.each([
  [dir('https://h.example/**'), true],
  [dir('https://h.example/news/**'), true],
  [dir('https://h.example/news/a*'), true],
  [dir('https://h.example/news/*.html'), true],
  [dir('https://h.example/*'), false],
  [dir('https://other.example/**'), false],
  [regex('any://h.example/news/.*'), true],
  [regex('any://h.example/(news|blog)/'), true],
  [regex(String.raw`https://h.example/news/[a-c]\.html`), true],
  [regex('any://h.example/ews/'), false],
  [regex('any://h.example/(?'), false],
  [{ ...file, url: 'http://h.example/news/a.html' }, true],
  [{ ...file, url: 'https://h.example/news/a.html', action: 'delete' }, true],
  [{ ...file, url: 'https://www.h.example/news/a.html' }, true],
  [{ ...file, url: 'https://h.example/news/b.html' }, false],
] as const)('%j has purged https://h.example/news/a.html: %s', (entry, isMatched) => {
  const match = matchUrl('https://h.example/news/a.html', { hosts: { 'h.example': ['www.h.example'] } });
  expect(match.matches(entry)).toBe(isMatched);
});

test('what another target has purged does not count', () => {
  const { matches } = matchUrl(file.url, {}, 'staging');
  expect(matches(file)).toBe(file.target === 'staging');
  expect(matches({ ...file, target: 'staging' })).toBe(true);
  expect(matches({ ...file, target: 'production' })).toBe(false);
});

test('one file URL is read, in the form in which CDN Pro has it', () => {
  expect(readOneUrl(['https://H.example/getting started#top'])).toBe('https://h.example/getting%20started');
  for (const args of [[], [url, url], ['https://h.example/*'], ['any://h.example/x'], ['h.example/x']]) {
    expect(() => readOneUrl(args)).toThrow(/^Expected/);
  }
});

test('what comes from elsewhere is printed on one line, and without what a terminal obeys', () => {
  const change = { ...changeAt(1), id: 's3://www/a\n2026\u001b[2J\u009b1A\u202e' };
  const printed = 's3://www/a\\u{a}2026\\u{1b}[2J\\u{9b}1A\\u{202e}';
  const report = why({ purges: [purgeAt(2, completed, messageOf(1, { change }))] });
  expect(describeWhy(report)).toContain(`changed    s3: put ${printed}\n`);
  const event = {
    at: change.occurredAt,
    event: 'accepted',
    purgeId: 'p',
    lane: 'people',
    lanes: ['people'],
    urls: [url],
    changes: [change.id],
  } as const;
  expect(describeEvent(event)).toBe(
    `${change.occurredAt}  accepted  purge p (people): ${url} for ${printed}`,
  );
  expect(describeEvent({ ...event, lane: 'takedown', lanes: ['takedown', 'people'] })).toContain(
    ' purge p (takedown, people): ',
  );
  expect(describeEvent({ ...event, changes: ['purged by hand', 's3://www/a b', 'c', 'd'] })).toMatch(
    / for purged by hand, s3:\/\/www\/a b, c and 1 more$/,
  );
});

test('where time runs out, the next command names a page that is waited for', () => {
  const after = (...urls: readonly string[]) =>
    describeAwaited({
      outcome: 'waiting',
      counts: {},
      queued: 0,
      open: urls.map((url) => ({ url, state: 'unknown' })),
      timedOut: true,
    });
  expect(after('https://h.example/*', `${url}?a=b&c`)).toContain(`why '${url}?a=b&c'  # for what`);
  expect(after('https://h.example/*')).toContain('why URL  # for what');
});

test('a change that does not say when it was is printed all the same', () => {
  const change = { ...changeAt(1), occurredAt: 'yesterday' };
  const purge = purgeAt(3, completed, messageOf(1, { change }));
  expect(describeWhy(why({ purges: [purge] }))).toMatch(/^ {2}at no known time +changed +s3: put/m);
});

function commandsIn(report: WhyReport): readonly string[] {
  return [...describeWhy(report).matchAll(/npx cdn-purger (.*?) {2}#/g)].map(([, command = '']) => command);
}

describe('what holds all requests', () => {
  const until = '2026-11-26T08:20:00.000Z';
  const throttled = { by: 'CDN Pro answered 429', until } as const;
  const refused = { by: 'CDN Pro refuses the credentials', until } as const;
  const noted = (facts: Partial<WhyFacts>) => why(facts).notes.filter((note) => note.includes('tries again'));

  test('is noted where the newest change waits for it, or may', () => {
    const note = [`CDN Pro answered 429: a request tries again from ${until} on`];
    expect(noted({ closed: throttled, queued: 1 })).toEqual(note);
    expect(noted({ closed: throttled, parked: [parkedOf(5)] })).toEqual(note);
    expect(noted({ closed: throttled, purges: [purgeAt(5, superseded, messageOf(4))] })).toEqual(note);
    expect(why({ closed: throttled, queued: 1 })).toMatchObject({ closed: throttled });
  });

  test('is not, where nothing is to be sent', () => {
    expect(noted({ closed: throttled })).toEqual([]);
    expect(noted({ closed: throttled, purges: [purgeAt(5, completed, messageOf(4))] })).toEqual([]);
    expect(noted({ closed: throttled, purges: [purgeAt(5, purging, messageOf(4))] })).toEqual([]);
    expect(why({ closed: throttled })).not.toHaveProperty('closed');
  });

  test('keeps CDN Pro from being asked how far a purge is, where it refuses the credentials', () => {
    expect(noted({ closed: refused, purges: [purgeAt(5, purging, messageOf(4))] })).toHaveLength(1);
  });
});
