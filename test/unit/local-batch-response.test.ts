import { describe, expect, it } from 'vitest';
import { readBatchResponse } from '../../local/aws/event-source/batch.ts';

const ids = ['m1', 'm2', 'm3'];

describe('readBatchResponse', () => {
  it.each([
    ['null', null],
    ['undefined', undefined],
    ['an empty object', {}],
    ['no failures', { batchItemFailures: [] }],
    ['null failures', { batchItemFailures: null }],
  ])('treats %s as a success of every message', (_name, response) => {
    expect(readBatchResponse(response, ids)).toEqual({ outcome: 'partial', failedIds: new Set() });
  });

  it('keeps the messages that failed', () => {
    const response = { batchItemFailures: [{ itemIdentifier: 'm3' }, { itemIdentifier: 'm1' }] };
    expect(readBatchResponse(response, ids)).toEqual({
      outcome: 'partial',
      failedIds: new Set(['m1', 'm3']),
    });
  });

  it.each([
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }, 'missing or empty'],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }, 'missing or empty'],
    ['another key', { batchItemFailures: [{ messageId: 'm1' }] }, 'missing or empty'],
    [
      'an unknown identifier',
      { batchItemFailures: [{ itemIdentifier: 'm1' }, { itemIdentifier: 'm9' }] },
      'm9 is not in the batch',
    ],
    ['failures that are not a list', { batchItemFailures: 'm1' }, 'not a list'],
    ['a string', 'done', 'not an object'],
    ['a list', [], 'not an object'],
  ])('fails the whole batch for %s', (_name, response, reason) => {
    expect(readBatchResponse(response, ids)).toEqual({
      outcome: 'failed',
      reason: expect.stringContaining(reason),
    });
  });
});
