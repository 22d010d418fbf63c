import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxJsonDepth, maxJsonValues } from '../../functions/core/model/limited-json.ts';
import {
  byteLength,
  maxMessageBytes,
  readMessage,
  referenceTo,
  writeInParts,
  writeMessage,
} from '../../functions/core/model/purge-message.ts';
import { entryChange, fileEntry, objectChange } from '../helpers/changes.ts';

const change = { ...referenceTo(objectChange('site/a.html')), rules: ['pages', 'rules[1]'] };

test('what was written is read again', () => {
  const entries = [
    fileEntry('https://h.example/a', { headers: [{ name: 'x', value: 'y' }], webhook: 'w' }),
    {
      kind: 'dir' as const,
      url: 'https://h.example/*',
      target: 'staging' as const,
      action: 'delete' as const,
    },
    {
      kind: 'regex' as const,
      pattern: 'any://h.example/.*',
      target: 'production' as const,
      action: 'invalidate' as const,
    },
  ];
  const [body = ''] = writeInParts({ v: 1, change, entries });
  expect(readMessage(body)).toEqual({ kind: 'message', message: { v: 1, change, entries } });
});

test('a message keeps its lane, since when it waits, and that nobody asked for it', () => {
  const message = {
    v: 1,
    entries: [fileEntry('https://h.example/a')],
    lane: 'bulk',
    since: 1_700_000_000_000,
    released: 1_700_000_060_000,
    byPrefix: true,
    tries: 2,
  } as const;
  expect(readMessage(writeMessage(message))).toEqual({ kind: 'message', message });
});

test('what a message says of itself is left out where it is not understood', () => {
  const entries = [fileEntry('https://h.example/a')];
  const body = JSON.stringify({
    v: 1,
    entries,
    lane: 'fast',
    since: 'long ago',
    released: 1.5,
    byPrefix: 'yes',
    tries: '2',
  });
  expect(readMessage(body)).toEqual({ kind: 'message', message: { v: 1, entries } });
});

test('a message of version 2 names several changes, of which the newest is kept', () => {
  const entries = [fileEntry('https://h.example/a')];
  const changes = [
    { ...change, id: 'older' },
    { ...change, id: 'newer' },
  ];
  expect(readMessage(JSON.stringify({ v: 2, changes, since: 1, entries }))).toEqual({
    kind: 'message',
    message: { v: 1, change: changes[1], since: 1, entries },
  });
  expect(readMessage(JSON.stringify({ v: 2, changes: 'none', entries }))).toEqual({
    kind: 'message',
    message: { v: 1, entries },
  });
});

test('the reference names the webhook of an entry', () => {
  expect(referenceTo(entryChange({ webhook: 'space-2' }))).toEqual({
    source: 'contentful',
    webhook: 'space-2',
    action: 'put',
    id: 'entry-1',
    occurredAt: '2026-01-01T00:00:00.000Z',
  });
});

test('a message written by hand needs no change and no action', () => {
  const body = '{"v":1,"entries":[{"kind":"file","url":"https://h.example/a","target":"production"}]}';
  expect(readMessage(body)).toEqual({
    kind: 'message',
    message: { v: 1, entries: [fileEntry('https://h.example/a')] },
  });
});

test('entries that are too many for one message make several, and none is lost', () => {
  const entries = Array.from({ length: 100 }, (_, index) => fileEntry(`https://h.example/${index}`));
  const bodies = writeInParts({ v: 1, change, entries }, 2000);
  expect(bodies.length).toBeGreaterThan(1);
  for (const body of bodies) expect(byteLength(body)).toBeLessThanOrEqual(2000);
  const read = bodies.flatMap((body) => {
    const result = readMessage(body);
    return result.kind === 'message' ? result.message.entries : [];
  });
  expect(read).toEqual(entries);
});

test('no entries make no message', () => {
  expect(writeInParts({ v: 1, change, entries: [] })).toEqual([]);
});

test('code points that SQS refuses are escaped', () => {
  const body = writeMessage({
    v: 1,
    change: { ...change, id: 's3://b/\ufffe\uffff\u0000\ud800' },
    entries: [],
  });
  expect(body).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/);
  expect(readMessage(body)).toMatchObject({ message: { change: { id: 's3://b/\ufffe\uffff\u0000\ud800' } } });
});

test('a message that nests too deep or holds too much is unreadable before any of it is made', () => {
  const message = (rest: string) => `{"v":1,"entries":[],"rest":${rest}}`;
  const deep = (levels: number) => message('['.repeat(levels) + ']'.repeat(levels));
  expect(readMessage(deep(maxJsonDepth - 1)).kind).toBe('message');
  expect(readMessage(deep(maxJsonDepth))).toMatchObject({
    kind: 'unreadable',
    reason: expect.stringMatching(/^Expected a purge message of at most 256 levels, got /),
  });
  expect(readMessage('['.repeat(maxMessageBytes)).kind).toBe('unreadable');
  expect(readMessage(message(`[${'1,'.repeat(maxJsonValues)}1]`))).toMatchObject({
    kind: 'unreadable',
    reason: expect.stringMatching(/^Expected a purge message of at most 400000 values, got /),
  });
});

test('every message that fits into SQS holds fewer values than are too many', () => {
  const entry = { kind: 'dir', url: '', target: 'staging' };
  const entries = Array.from({ length: maxMessageBytes / JSON.stringify(entry).length }, () => entry);
  expect(readMessage(JSON.stringify({ v: 1, entries })).kind).toBe('message');
});

test('any JSON is a message or is not, and nothing throws', () => {
  const anyBody = fc.oneof(
    fc.json({ maxDepth: 5 }),
    fc.jsonValue().map((rest) => JSON.stringify({ v: 1, entries: [], rest })),
    fc
      .array(fc.constantFrom('{"a":', '[', ']', '}', '"', ',', '1', '\\'), { maxLength: 600 })
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(anyBody, (body) => {
      expect(['message', 'unreadable']).toContain(readMessage(body).kind);
    }),
  );
});

describe('what is not a purge message is unreadable', () => {
  const entry = { kind: 'file', url: 'https://h.example/a', target: 'production' };
  test.each([
    ['{', 'Expected a purge message in JSON, got "{"'],
    ['[]', 'Expected the message to be an object, got a list of 0'],
    ['{"v":3,"entries":[]}', 'Expected `v` to be 1 or 2, got 3'],
    ['{"v":1}', 'Expected `entries` to be a list, got nothing'],
    [{ v: 1, entries: [null] }, 'Expected `entries[0]` to be an object, got null'],
    [
      { v: 1, entries: [entry, { ...entry, kind: 'page' }] },
      'Expected `entries[1].kind` to be "file", "dir" or "regex", got "page"',
    ],
    [{ v: 1, entries: [{ ...entry, url: 3 }] }, 'Expected `entries[0].url` to be a URL, got 3'],
    [
      { v: 1, entries: [{ ...entry, target: 'prod' }] },
      'Expected `entries[0].target` to be "production" or "staging", got "prod"',
    ],
    [
      { v: 1, entries: [{ ...entry, action: 'drop' }] },
      'Expected `entries[0].action` to be "invalidate" or "delete", got "drop"',
    ],
    [
      { v: 1, entries: [{ ...entry, webhook: 1 }] },
      'Expected `entries[0].webhook` to be a webhook ID, got 1',
    ],
    [
      { v: 1, entries: [{ ...entry, headers: { a: 'b' } }] },
      'Expected `entries[0].headers` to be a list of {name, value}, got an object with "a"',
    ],
    [
      { v: 1, entries: [{ ...entry, kind: 'regex' }] },
      'Expected `entries[0].pattern` to be a regular expression, got nothing',
    ],
  ])('%j', (body, reason) => {
    expect(readMessage(typeof body === 'string' ? body : JSON.stringify(body))).toEqual({
      kind: 'unreadable',
      reason,
    });
  });
});
