import { expect, test } from 'vitest';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead-letters.ts';

const change = {
  source: 's3',
  bucket: 'www',
  key: 'a',
  action: 'put',
  id: 's3://www/a',
  occurredAt: '2026-01-01T00:00:00Z',
} as const;
const event = { eventSource: 'aws:s3', s3: { bucket: { name: 'www' }, object: { key: 'a' } } };
const inEnvelope = { eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:eu-west-1:1:q', body: '{}' };

test.each([
  [
    'a change with a URL that is none',
    s3EventOf(change),
    { reason: '/{+path}: "." is no segment' },
    'invalid-url',
  ],
  ['what receive-s3 could not read', { Records: [inEnvelope] }, { reason: 'not JSON' }, 'unreadable'],
  ['an event that receive-s3 failed on', { Records: [event] }, {}, 's3-event'],
])('%s is a dead letter of its own kind', (_, body, attributes, kind) => {
  const letter = readDeadLetter({ id: '1', sentMs: 0, body: JSON.stringify(body), attributes });
  expect(letter).toMatchObject({ kind, ...attributes });
});
