import { expect, test } from 'vitest';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { isolate } from '../../functions/core/planning/isolate.ts';
import type { PlannedRequest } from '../../functions/core/planning/planned-request.ts';
import { fileEntry } from '../helpers/changes.ts';

function request(...entries: PurgeEntry[]): PlannedRequest {
  return { entries: entries.map((entry, index) => ({ entry, messages: [index] })) };
}

function urlsOf({ rejected, again }: ReturnType<typeof isolate>) {
  return {
    rejected: rejected.map(({ entry }) => entryText(entry)),
    again: again.map(({ entries }) => entries.map(({ entry }) => entryText(entry))),
  };
}

const scope = { target: 'production', action: 'invalidate' } as const;

test('a host that is named takes all its entries out, of every kind', () => {
  const bad = [
    fileEntry('https://Bad.example:8443/a'),
    { kind: 'dir', url: 'http://bad.example/*', ...scope },
    { kind: 'regex', pattern: 'any://bad.example/.*', ...scope },
  ] as const;
  const message = "The host 'bad.example' has not been deployed in the 'production' environment.";
  expect(urlsOf(isolate(request(fileEntry('https://good.example/bad.example'), ...bad), message))).toEqual({
    rejected: ['https://Bad.example:8443/a', 'http://bad.example/*', 'any://bad.example/.*'],
    again: [['https://good.example/bad.example']],
  });
});

test('a URL that is named is taken out alone, even with a quote in it', () => {
  const message = "The purge URL 'https://h.example/it's' is invalid. Special letters need to be encoded.";
  const entries = [fileEntry('https://h.example/a'), fileEntry("https://h.example/it's")];
  expect(urlsOf(isolate(request(...entries), message))).toEqual({
    rejected: ["https://h.example/it's"],
    again: [['https://h.example/a']],
  });
});

test('a message that is not understood, or names what is not there, halves the request', () => {
  const entries = ['a', 'b', 'c'].map((name) => fileEntry(`https://h.example/${name}`));
  for (const message of [
    'no',
    "The host 'other.example' has not been deployed in the 'production' environment.",
  ]) {
    expect(urlsOf(isolate(request(...entries), message))).toEqual({
      rejected: [],
      again: [['https://h.example/a', 'https://h.example/b'], ['https://h.example/c']],
    });
  }
});

test('an entry that is refused alone is rejected', () => {
  expect(urlsOf(isolate(request(fileEntry('https://h.example/a')), 'no'))).toEqual({
    rejected: ['https://h.example/a'],
    again: [],
  });
});
