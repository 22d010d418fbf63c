import fc from 'fast-check';
import { expect, test } from 'vitest';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { describeGroup, describeLetter } from '../../infra/cli/commands/dead.ts';
import { groupDeadLetters, readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';

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

const sentMs = Date.UTC(2026, 10, 27, 1);
const printed = (body: string) => {
  const letter = readDeadLetter({ id: 'm1', sentMs, body, attributes: { reason: 'not JSON' } });
  return { list: groupDeadLetters([letter]).map(describeGroup).join('\n'), whole: describeLetter(letter) };
};

test('of a message that cannot be read its ID, when it was sent, its size and how it begins are listed', () => {
  expect(printed('hällo\u001b[2J').list).toContain(
    '\n  message m1, sent 2026-11-27T01:00:00.000Z, 10 bytes, begins hällo\\u{1b}[2J\n',
  );
  expect(printed('').list).toContain('\n  message m1, sent 2026-11-27T01:00:00.000Z, 0 bytes\n');
  const long = `${'x'.repeat(100)}y`;
  expect(printed(long).list).toMatch(/101 bytes, begins x{100}\n/);
  expect(printed(long).whole).toContain(`body: ${long}`);
});

test('a reason of one host is not said of another', () => {
  const letters = ['a.example', 'b.example', 'b.example'].map((host, index) => {
    const reason = `The host '${host}' has not been deployed.`;
    const sentAt = '2026-11-27T01:00:00.000Z';
    return {
      id: `m${index}`,
      sentAt,
      body: '{}',
      kind: 'rejected',
      reason,
      urls: [`https://${host}/`],
    } as const;
  });
  const listed = (...some: typeof letters) => groupDeadLetters(some).map(describeGroup).join('\n');
  expect(listed(...letters)).toMatch(
    /^3 × rejected, since \S+Z, for 2 reasons such as: The host 'a\.example' has not/,
  );
  expect(listed(...letters.slice(1))).toMatch(/^2 × rejected, since \S+Z: The host 'b\.example' has not/);
});

test('whatever a dead letter holds, a terminal gets nothing of it that it obeys', () => {
  const url = fc
    .string({ unit: anyCodePoint })
    .map((path) => ({ kind: 'file', url: path, target: 'production' }));
  const bodies = fc.oneof(
    fc.string({ unit: anyCodePoint }),
    fc.array(url, { minLength: 1 }).map((entries) => JSON.stringify({ v: 1, entries })),
  );
  fc.assert(
    fc.property(bodies, (body) => {
      const { list, whole } = printed(body);
      expect(`${list}\n${whole}`).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|[\u2028\u2029]/u);
      expect(list.split('\n').length).toBeLessThanOrEqual(14);
    }),
  );
});
