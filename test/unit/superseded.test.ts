import { describe, expect, test } from 'vitest';
import { compareSequencers } from '../../functions/core/model/objects/sequencer.ts';
import {
  messageVersion,
  type PurgeMessage,
  readMessage,
  referenceTo,
  writeMessage,
} from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { entriesInOrder } from '../../functions/core/planning/superseded.ts';
import { fileEntry, objectChange } from '../helpers/changes.ts';

describe('sequencers', () => {
  test.each([
    ['0055AED6DCD90281E5', '0055AED6DCD90281E6', -1],
    ['0055AED6DCD90281E6', '0055AED6DCD90281E5', 1],
    ['0055AED6DCD90281E5', '0055aed6dcd90281e5', 0],
    ['0055', '005500', 0],
    ['0055', '005501', -1],
    ['01', '0055AED6DCD90281E5', 1],
  ])('%s compared with %s: %s', (a, b, expected) => {
    expect(compareSequencers(a, b)).toBe(expected);
  });
});

function message(sequencer: string | undefined, entries: readonly PurgeEntry[], key = 'a'): PurgeMessage {
  const change = referenceTo(objectChange(key, sequencer === undefined ? {} : { sequencer }));
  return { v: messageVersion, change, entries };
}

const url = 'https://h.example/a';
const invalidate = fileEntry(url);
const remove = fileEntry(url, { action: 'delete' });

describe('entries of messages that are submitted together', () => {
  test('a delete that a put supersedes is an invalidate, whichever comes first', () => {
    expect(entriesInOrder([message('02', [invalidate]), message('01', [remove])])).toEqual([
      [invalidate],
      [invalidate],
    ]);
    expect(entriesInOrder([message('01', [remove]), message('02', [invalidate])])).toEqual([
      [invalidate],
      [invalidate],
    ]);
  });

  test('a put that a delete supersedes is a delete', () => {
    expect(entriesInOrder([message('01', [invalidate]), message('02', [remove])])).toEqual([
      [remove],
      [remove],
    ]);
  });

  test('the order of a header set and the case of its names make no difference', () => {
    const [gzip, german] = [
      { name: 'Accept-Encoding', value: 'gzip' },
      { name: 'accept-language', value: 'de' },
    ];
    const older = fileEntry(url, { action: 'delete', headers: [gzip, german] });
    const newer = fileEntry(url, { headers: [{ ...german, name: 'Accept-Language' }, gzip] });
    expect(entriesInOrder([message('01', [older]), message('02', [newer])])).toEqual([[newer], [newer]]);
  });

  test('what the newer change does not make stale stays as it is', () => {
    const listing = fileEntry('https://h.example/', { action: 'delete' });
    expect(entriesInOrder([message('01', [remove, listing]), message('02', [invalidate])])).toEqual([
      [invalidate, listing],
      [invalidate],
    ]);
  });

  test('other objects, other scopes and messages without a sequencer are left alone', () => {
    const staging = fileEntry(url, { action: 'delete', target: 'staging' });
    const batch = [
      message('02', [invalidate]),
      message('01', [remove], 'b'),
      message('01', [staging]),
      message(undefined, [remove]),
      { v: messageVersion, entries: [remove] } as const,
    ];
    expect(entriesInOrder(batch)).toEqual(batch.map(({ entries }) => entries));
  });

  test('the sequencer travels in the message', () => {
    const written = message('0055AED6DCD90281E5', [remove]);
    expect(readMessage(writeMessage(written))).toEqual({ kind: 'message', message: written });
  });
});
