import { describe, expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { entryKey } from '../../functions/core/model/entry-key.ts';
import { readMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import { withNewestShows } from '../../functions/core/model/shows.ts';
import type { FileEntry, ObjectChange, Shows } from '../../functions/core/model/types.ts';
import { planRequests } from '../../functions/core/planning/plan.ts';

const page: FileEntry = {
  kind: 'file',
  url: 'https://h.example/a.html',
  target: 'production',
  action: 'invalidate',
};
const showing = (shows?: Shows): FileEntry => ({ ...page, ...(shows !== undefined && { shows }) });
const old: Shows = { etag: 'old', sinceMs: 1000, sequencer: '01' };
const changed: Shows = { etag: 'new', sinceMs: 1000, sequencer: '02' };
const later: Shows = { gone: true, sinceMs: 2000, sequencer: '00' };

describe('what a file shows', () => {
  test('is not a part of what is purged', () => {
    expect(entryKey(showing(old))).toBe(entryKey(showing(later)));
  });

  test('survives in a message, and what is not understood of it is left out', () => {
    const message = { v: 1 as const, entries: [showing(old), { ...page, headers: [], shows: later }] };
    expect(readMessage(writeMessage(message))).toEqual({ kind: 'message', message });
    const strange = {
      v: 1,
      entries: [
        { ...page, shows: 7 },
        { ...page, shows: { sinceMs: 5, etag: 7, gone: 1 } },
      ],
    };
    expect(readMessage(JSON.stringify(strange))).toMatchObject({
      message: { entries: [page, showing({ sinceMs: 5 })] },
    });
  });

  test.each([
    ['the later change', old, later, later],
    ['the later change, whichever comes first', later, old, later],
    ["by S3's order in the same second", old, changed, changed],
    ["by S3's order in the same second, whichever comes first", changed, old, changed],
    ['what the later change does not tell', changed, { sinceMs: 1500 }, { sinceMs: 1500 }],
    ['what one of them knows', undefined, old, old],
    ['what one of them knows, whichever comes first', old, undefined, old],
  ])('is of two equal entries that of %s', (_, first, second, expected) => {
    expect(withNewestShows(showing(first), showing(second))).toEqual(showing(expected));
  });

  test('is planned once, with all messages that ask for it', () => {
    const plan = planRequests([[showing(old)], [page], [showing(later)]], {
      maxFileUrls: 10,
      maxBodyBytes: 10_000,
    });
    expect(plan).toEqual([{ entries: [{ entry: showing(later), messages: [0, 1, 2] }] }]);
  });
});

describe('a rule maps an object', () => {
  const change: ObjectChange = {
    source: 's3',
    action: 'put',
    id: 's3://b/site/blog/a.html',
    bucket: 'b',
    key: 'site/blog/a.html',
    occurredAt: '1970-01-01T00:00:01Z',
    shows: changed,
  };
  const urlsThatShow = (purge: Rule['purge'], own: Partial<Rule> = {}, latest?: 'put' | 'delete') => {
    const rule: Rule = { match: { source: 's3', key: 'site/{+dir}/{name}.html' }, purge, ...own };
    const { entries } = compileRules({ target: 'production', rules: [rule] }).map(change, latest);
    return entries.map((entry) => [
      entry.kind === 'regex' ? entry.pattern : entry.url,
      'shows' in entry ? entry.shows : undefined,
    ]);
  };

  test('to its own URL, in each header set, and that shows it; what lists it does not', () => {
    const fileUrls = ['https://h.example/{+dir}/{name}.html', 'https://h.example/feed.xml'];
    expect(urlsThatShow({ fileUrls, fileHeaders: [{}, { 'accept-language': 'de' }] })).toEqual([
      ['https://h.example/blog/a.html', changed],
      ['https://h.example/blog/a.html', changed],
      ['https://h.example/feed.xml', undefined],
      ['https://h.example/feed.xml', undefined],
    ]);
  });

  test('to its clean URL, which shows it; the directory above does not', () => {
    const fileUrls = ['https://h.example/{+dir}/{name}.html'];
    expect(urlsThatShow({ fileUrls }, { pages: { cleanUrls: true, parents: 1 } })).toEqual([
      ['https://h.example/blog/a.html', changed],
      ['https://h.example/blog/a', changed],
      ['https://h.example/blog/', undefined],
    ]);
  });

  test('to directories, patterns and files in all versions, which do not show one version', () => {
    const url = 'https://h.example/{+dir}/{name}.html';
    expect(urlsThatShow({ fileUrls: [url], variants: true })).toEqual([
      ['https://h.example/blog/a.html', undefined],
    ]);
    expect(urlsThatShow({ dirUrls: [url], regexPatterns: ['https://h.example/{name}.*'] })).toEqual([
      ['https://h.example/blog/a.html', undefined],
      ['https://h.example/a.*', undefined],
    ]);
  });

  test('that has changed again since: what it shows, that change knows', () => {
    expect(urlsThatShow({ fileUrls: ['https://h.example/{name}.html'] }, {}, 'delete')).toEqual([
      ['https://h.example/a.html', { sinceMs: 1000, sequencer: '02' }],
    ]);
  });

  test('by two rules, and shows it if it does so by one', () => {
    const purge = { fileUrls: ['https://h.example/blog/a.html'] };
    const rules = [
      { match: { source: 's3', key: 'site/{+any}' }, purge },
      { match: { source: 's3', key: 'site/blog/a.html' }, purge, delaySeconds: 5 },
    ];
    const { schedule } = compileRules({ target: 'production', rules }).map(change);
    const own = { ...showing(changed), url: 'https://h.example/blog/a.html' };
    expect(schedule.flatMap(({ entries }) => entries)).toEqual([own, own]);
  });
});
