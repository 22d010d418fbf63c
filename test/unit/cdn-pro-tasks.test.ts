import { describe, expect, test } from 'vitest';
import { purgesPath, readPurgeAnswer, readPurgePage } from '../../functions/cdn-pro/tasks.ts';

const finished = {
  id: 'a517e611',
  submissionTime: '2019-05-22T08:29:34Z',
  finishTime: '2019-05-22T08:32:28Z',
  target: 'staging',
  status: 'finished',
  apiRequestId: '646163723701dbfc',
  successRate: 100,
};
const page = (...purgeRequests: readonly unknown[]) => JSON.stringify({ count: 34, purgeRequests });

test('purges are listed from a time on, the oldest first, 200 at a time', () => {
  expect(purgesPath({ fromMs: Date.UTC(2026, 10, 26, 8, 0, 0, 999), offset: 200 })).toBe(
    '/cdn/purges?startdate=2026-11-26T08:00:00Z&offset=200&limit=200&sortBy=submissionTime&sortOrder=asc',
  );
});

describe('a list', () => {
  test('tells of each purge whether it has finished, and when', () => {
    const waiting = { ...finished, id: 'b', status: 'waiting', successRate: 0, finishTime: '' };
    const partial = { ...finished, id: 'c', successRate: 99.2, finishTime: undefined };
    expect(readPurgePage(page(finished, waiting, partial))).toEqual({
      observations: new Map([
        ['a517e611', { kind: 'finished', successRate: 100, finishedMs: Date.UTC(2019, 4, 22, 8, 32, 28) }],
        ['b', { kind: 'underway', successRate: 0 }],
        ['c', { kind: 'finished', successRate: 99.2 }],
      ]),
      rows: 3,
      lastSubmittedMs: Date.UTC(2019, 4, 22, 8, 29, 34),
    });
  });

  test('with rows that are not understood tells of the others', () => {
    const odd = [null, 'purge', {}, { ...finished, id: 7 }, { ...finished, status: 'failed' }];
    const withoutRate = { ...finished, id: 'd', successRate: '100' };
    const read = readPurgePage(page(finished, ...odd, withoutRate));
    expect([...(read?.observations.keys() ?? [])]).toEqual(['a517e611']);
    expect(read?.rows).toBe(7);
  });

  test.each(['', '[]', '{}', '{"purgeRequests":{}}', '<html>'])('is not read from %j', (body) => {
    expect(readPurgePage(body)).toBeUndefined();
  });
});

describe('an answer to one purge', () => {
  test('says that CDN Pro does not know it only in the words of CDN Pro', () => {
    const body = JSON.stringify({ code: 'InvalidPurgeTaskId', message: 'It does not exist.' });
    expect(readPurgeAnswer(body, 404)).toEqual({ kind: 'unknown' });
    for (const other of ['', '{}', '<html>Not Found</html>', '{"code":"NotFound"}']) {
      expect(readPurgeAnswer(other, 404)).toBeUndefined();
    }
  });

  test('says how far it is', () => {
    const underway = { ...finished, status: 'inprogress', successRate: 42.5 };
    expect(readPurgeAnswer(JSON.stringify(underway), 200)).toEqual({ kind: 'underway', successRate: 42.5 });
    expect(readPurgeAnswer(JSON.stringify({ ...underway, successRate: undefined }), 200)).toEqual({
      kind: 'underway',
    });
    expect(readPurgeAnswer(JSON.stringify(finished), 500)).toBeUndefined();
  });
});
