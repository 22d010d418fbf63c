import { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Parked } from '../../functions/aws/tables/parked-table.ts';
import { createSeenObjects, readRecorded } from '../../functions/aws/tables/seen-objects-table.ts';
import type { PurgeEntry, Shows } from '../../functions/core/model/types.ts';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { type LookedAt, lookFurther } from '../../infra/cli/commands/journal/look-further.ts';
import { purgerOfConfig } from '../../infra/cli/explain/purger/explained-purger.ts';
import { nextCommands } from '../../infra/cli/next.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { readObjects } from '../../infra/cli/purger/objects/read-objects.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { describeObjects, objectSteps } from '../../infra/cli/queries/objects/describe-objects.ts';
import { never, type ObjectFacts, objectNow } from '../../infra/cli/queries/objects/object-now.ts';
import { rejectedEventOf } from '../../infra/cli/queries/objects/rejected-event.ts';
import { stepsOf } from '../../infra/cli/queries/why/steps.ts';
import { matchUrl } from '../../infra/cli/queries/why/url-match.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { fileEntry, objectChange } from '../helpers/changes.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const startMs = Date.UTC(2026, 10, 26, 8);
const at = (seconds: number) => startMs + seconds * 1000;
const iso = (ms: number) => new Date(ms).toISOString();
const id = 's3://www/blog/a.html';
const now = { etag: 'new', lastModifiedMs: at(100) };
const unknown = { id, putMs: never, deleteMs: never, knownSinceMs: never };
const look = (facts: Partial<ObjectFacts>) => objectNow({ ...unknown, ...facts });
const put = (seconds: number) => ({ putMs: at(seconds) });

describe('an object that a page comes from', () => {
  test('has a known change where one came that is not older than it is', () => {
    expect(look({ now, ...put(99) })).toMatchObject({ isKnown: true });
    expect(look({ now, ...put(300) })).toMatchObject({ isKnown: true });
    expect(look({ now, ...put(97) })).toMatchObject({ isKnown: false });
    expect(look({ now })).toMatchObject({
      isKnown: false,
      meaning: 'it has changed since, and no such change is known here',
    });
  });

  test('is not said to have changed since, where it is older than what is known of the page', async () => {
    const seen = look({ now, knownSinceMs: at(200) });
    expect(seen.isKnown).toBeUndefined();
    expect(seen.meaning).toContain('it has not changed since 2026-11-26T08:03:20.000Z');
    expect(look({ now, knownSinceMs: at(97) })).toMatchObject({ isKnown: false });
    expect(describeObjects([seen])).not.toContain('Next');

    const url = 'https://h.example/blog/a.html';
    const objects = Object.assign(new S3Client({ region: 'eu-west-1' }), {
      send: async () => ({ ETag: '"new"', LastModified: new Date(at(100)) }),
    });
    const purger = { clients: { objects: async () => objects }, tables: {} } as unknown as Purger;
    const config: PurgerConfig = {
      credentials: 'x',
      target: 'production',
      rules: [
        {
          match: { source: 's3', key: 'blog/{name}' },
          purge: { fileUrls: ['https://h.example/blog/{name}'] },
        },
      ],
      buckets: [{ name: 'www' }],
    };
    const rules = { from: 'this configuration', read: async () => purgerOfConfig(config) } as const;
    // All pages were purged by an entry of the CMS later: purges from before are not read.
    const change = { source: 'contentful', action: 'put', id: 'menu', occurredAt: iso(at(5000)) };
    const entry: PurgeEntry = {
      kind: 'dir',
      url: 'https://h.example/blog/*',
      target: 'production',
      action: 'invalidate',
    };
    const parked = [{ entry, change, lane: 'people', sinceMs: at(5000) }] as unknown as Parked[];
    const lookAt = (facts: LookedAt['facts']) =>
      lookFurther(purger, { url, match: matchUrl(url), facts, nowMs: () => at(6000) }, { rules });
    const known = { purges: [], letters: [] };
    expect((await lookAt({ ...known, parked })).objects).toEqual([
      expect.objectContaining({ id, meaning: expect.stringContaining('has not changed since') }),
    ]);
    expect(
      (await lookAt({ ...known, parked: [], knownSince: '2026-11-27' })).objects?.[0],
    ).not.toHaveProperty('isKnown');
    expect((await lookAt({ ...known, parked: [] })).objects).toMatchObject([{ isKnown: false }]);
  });

  test('was left out where the same content was recorded as purged, not before it was put', () => {
    const recorded = (etag: string, seconds: number) => ({ etag, atMs: at(seconds) });
    expect(look({ now, ...put(1), recorded: recorded('new', 103) })).toMatchObject({
      isKnown: true,
      meaning: expect.stringContaining('skipUnchanged'),
    });
    expect(look({ now, recorded: recorded('new', 50) })).toMatchObject({ isKnown: false });
    expect(look({ now, recorded: recorded('old', 103) })).toMatchObject({ isKnown: false });
  });

  test('is gone, with a delete that is known or is not', () => {
    expect(look({ deleteMs: at(1) })).toMatchObject({ isKnown: true });
    expect(look({ ...put(1) })).toMatchObject({ isKnown: false });
    expect(look({})).toEqual({ id, meaning: 'there is no such object' });
    expect(look({ reason: 'not read: AccessDenied' })).toEqual({
      id,
      reason: 'not read: AccessDenied',
      meaning: 'whether it has changed cannot be told: not read: AccessDenied',
    });
  });

  test('is gone by the removal of its only version, which S3 tells and which is known as a put', async () => {
    const objects = {
      send: () => Promise.reject(Object.assign(new Error('none'), { name: 'NotFound' })),
    };
    const purger = { clients: { objects: async () => objects }, tables: {} } as unknown as Purger;
    const change = { source: 's3', action: 'put', id, occurredAt: iso(at(50)) };
    const parkedAt = (shows: Shows) => ({
      entry: fileEntry('https://h.example/blog/a.html', { shows }),
      change,
      lane: 'people' as const,
      sinceMs: at(50),
      pk: '',
      version: 1,
    });
    const isKnown = async (shows: Shows) => {
      const parked = [parkedAt(shows)];
      const steps = stepsOf({ purges: [], parked, letters: [] }, { matches: () => true });
      const [object] = await readObjects(purger, [id], { steps, letters: [], knownSinceMs: never });
      return object?.isKnown;
    };
    expect(await isKnown({ sinceMs: at(50) })).toBe(true);
    expect(await isKnown({ etag: 'a', sinceMs: at(50) })).toBe(false);
  });

  test('has a change that is known exactly where its last one has arrived, as long as it is there', () => {
    const events = fc.array(fc.record({ action: fc.constantFrom('put', 'delete'), isLost: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(events, (all) => {
        const timed = all.map((event, index) => ({ ...event, atMs: at(index * 10) }));
        const lastOf = (action: string) =>
          timed.findLast((event) => event.action === action && !event.isLost)?.atMs ?? never;
        const last = timed.at(-1);
        const isThere = last?.action === 'put';
        const seen = look({
          putMs: lastOf('put'),
          deleteMs: lastOf('delete'),
          ...(isThere && { now: { etag: 'e', lastModifiedMs: last.atMs + 900 } }),
        });
        if (isThere) expect(seen.isKnown).toBe(!last.isLost);
        else if (last?.isLost === false) expect(seen.isKnown).toBe(true);
        else if (seen.isKnown === true) expect(lastOf('delete')).toBeGreaterThan(lastOf('put'));
      }),
    );
  });

  test('is printed with what is recorded of it, and what to do where its change has not come', () => {
    const objects = [look({ now, recorded: { etag: 'old', atMs: at(5) } })];
    expect([describeObjects(objects), '', ...nextCommands(...objectSteps(objects))].join('\n')).toBe(
      [
        'Objects that it comes from:',
        '  s3://www/blog/a.html: changed 2026-11-26T08:01:40.000Z, ETag new',
        '    it has changed since, and no such change is known here',
        '    recorded as queued last: ETag old, at 2026-11-26T08:00:05.000Z',
        '',
        'Next: npx cdn-purger doctor  # whether the bucket sends its events; why with --logs 3h: what its receiver has made of them',
      ].join('\n'),
    );
    expect(objectSteps([look({ now, ...put(100) })])).toEqual([]);
  });

  test('whose change is not known may wait in the queues, which comes before all else that may be wrong', () => {
    const queued = look({ now, queued: 2 });
    expect(queued.meaning).toBe(
      'it has changed since, and no such change is known here; 2 messages wait in the queues, where it may be',
    );
    expect(objectSteps([queued])).toEqual([['status', 'what waits']]);
    const paused = look({ ...put(1), queued: 1, paused: true });
    expect(paused).toMatchObject({
      isKnown: false,
      meaning: expect.stringContaining('; 1 message waits in the queues while it is paused, where it may be'),
    });
    expect(objectSteps([paused])).toEqual([['resume', 'once it is to go on']]);
    expect(look({ now, ...put(100), queued: 2 })).toMatchObject({ isKnown: true });
  });
});

test('an event of an object in the dead letter queue is found, in whatever it is in there', () => {
  const records = { Records: [s3EventOf(objectChange('blog/a.html', { bucket: 'www', id })) as object] };
  const letter = (body: object, messageId: string) =>
    readDeadLetter({
      id: messageId,
      sentMs: startMs,
      body: JSON.stringify(body),
      attributes: { reason: 'why' },
    });
  const [event] = records.Records;
  for (const body of [event, { requestContext: {}, requestPayload: event }]) {
    const rejected = rejectedEventOf(id, [letter({ v: 1, entries: [] }, 'x'), letter(body ?? {}, 'm')]);
    expect(rejected).toMatchObject({ messageId: 'm' });
    const objects = [objectNow({ ...unknown, now, queued: 1, ...(rejected && { rejected }) })];
    expect(describeObjects(objects)).toContain('    an event of it is the dead letter m: ');
    expect(objectSteps(objects)).toContainEqual(['dead', 'why']);
  }
  expect(rejectedEventOf('s3://www/other', [letter(event ?? {}, 'm')])).toBeUndefined();
  expect(rejectedEventOf(id, [{ ...letter({}, 'm'), body: 'no json' }])).toBeUndefined();
});

test('what was recorded of an object is its ETag, and when that was', async () => {
  const table = { client: createParkedItems().client, tableName: 'Ledger' };
  const objects = createSeenObjects({ ...table, nowMs: () => startMs });
  const object = { bucket: 'www', key: 'a' };
  expect(await readRecorded(object, table)).toBeUndefined();
  await objects.write(object, { sequencer: '01', content: 'abc 12 rules' }, 0);
  expect(await readRecorded(object, table)).toEqual({ etag: 'abc', atMs: startMs });
  await objects.write(object, {}, 1);
  expect(await readRecorded(object, table)).toBeUndefined();
});

test.each([
  ['ETag', { LastModified: new Date(startMs) }],
  ['Last-Modified', { ETag: '"a"' }],
])('an answer of S3 without %s tells nothing of an object', async (missing, answer) => {
  const objects = async () => ({ send: async () => answer });
  const purger = { clients: { objects, dynamodb: async () => ({}) }, tables: {} } as unknown as Purger;
  const [read] = await readObjects(purger, [id], { steps: [], letters: [], knownSinceMs: startMs });
  expect(read).toEqual({
    id,
    reason: `S3's answer has no ${missing}`,
    meaning: `whether it has changed cannot be told: S3's answer has no ${missing}`,
  });
  expect(describeObjects(read === undefined ? [] : [read])).not.toMatch(/1970|ETag ,/);
});
