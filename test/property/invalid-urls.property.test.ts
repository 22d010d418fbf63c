import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { OutgoingMessage } from '../../functions/buffer/send-messages.ts';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import { receiveS3Event } from '../../functions/receive-s3/receive-s3-event.ts';
import { recoverMessage } from '../../functions/submit/messages/recover-s3-event.ts';
import { readDeadLetter } from '../../infra/cli/queries/dead/dead-letters.ts';
import { createSender } from '../helpers/webhook-sender.ts';

/** Values that make valid URLs, and values that make URLs that CDN Pro would never take. */
const value = fc.oneof(
  fc.constantFrom('a', 'ü', 'über uns', 'x'.repeat(2000)),
  fc.constantFrom('x'.repeat(2040), '文'.repeat(330), 'a/../b', '..'),
);
const path = (name: string) => [`https://h.example/${name}`, 'https://h.example/feed.xml'];
const isValid = (text: string) => !/^\.\.$|\/\.\.\//.test(text) && encodeURIComponent(text).length < 2020;

interface Result {
  /** What is queued. */
  readonly urls: readonly string[];
  /** Changes in the dead letter queue, with the reason. */
  readonly rejected: readonly OutgoingMessage[];
}

function check(text: string, { urls, rejected }: Result): void {
  expect(urls).toContain('https://h.example/feed.xml');
  expect(urls).toHaveLength(isValid(text) ? 2 : 1);
  expect(rejected).toHaveLength(isValid(text) ? 0 : 1);
  for (const { body, reason } of rejected) {
    expect(reason).toContain('https://h.example/{');
    expect(body).toContain('id-of-it');
  }
}

async function webhook(slug: string): Promise<Result> {
  const { world, deliver } = createSender('standard-webhooks', { urls: path('{+slug}') });
  await deliver({ body: { type: 'entry.published', data: { id: 'id-of-it', slug } } });
  return { urls: world.purged().map((text) => text.split(' ')[1] ?? ''), rejected: world.rejected };
}

const rules = compileRules({
  target: 'production',
  rules: [
    {
      match: { source: 's3', key: '{+path}?id-of-it' },
      purge: { fileUrls: path('{+path}'), encodings: ['browser'] },
    },
  ],
});

async function object(key: string): Promise<Result> {
  const queued: OutgoingMessage[] = [];
  const rejected: OutgoingMessage[] = [];
  const into = (queue: OutgoingMessage[]) => async (messages: readonly OutgoingMessage[]) => {
    queue.push(...messages);
    return [];
  };
  const nothing = () => {};
  const event = {
    'detail-type': 'Object Created',
    source: 'aws.s3',
    time: '2026-01-01T00:00:00Z',
    detail: { bucket: { name: 'b' }, object: { key: `${key}?id-of-it` } },
  };
  await receiveS3Event(event, {
    rules,
    send: into(queued),
    reject: into(rejected),
    log: { info: nothing, warn: nothing, error: nothing },
    measure: nothing,
  });
  return { urls: queued.flatMap(({ body }) => urlsIn(body)), rejected };
}

function urlsIn(body: string): readonly string[] {
  const read = readMessage(body);
  return read.kind === 'message'
    ? read.message.entries.map((entry) => ('url' in entry ? entry.url : ''))
    : [];
}

test.each([
  ['a webhook', webhook],
  ['an object', object],
])(
  'of %s, every URL is queued, or the change is in the dead letter queue with the reason',
  async (_, play) => {
    await fc.assert(
      fc.asyncProperty(value, async (text) => check(text, await play(text))),
      { numRuns: 40 },
    );
  },
);

test('whatever of it is redriven is never lost: it is mapped anew, or comes back with its reason', async () => {
  const slug = '文'.repeat(330);
  const [fromObject] = (await object(slug)).rejected;
  const recovered = recoverMessage(fromObject?.body ?? '', rules);
  expect(recovered?.messages.flatMap(({ body }) => urlsIn(body))).toEqual(['https://h.example/feed.xml']);
  expect(recovered?.unreadable).toMatchObject([{ reason: fromObject?.reason }]);
  const [fromWebhook] = (await webhook(slug)).rejected;
  const body = fromWebhook?.body ?? '';
  const dead = readDeadLetter({ id: 'm', sentMs: 0, body, attributes: {} });
  expect(dead).toMatchObject({ kind: 'invalid-url', reason: fromWebhook?.reason, change: 'id-of-it' });
  expect(readMessage(body)).toEqual({
    kind: 'unreadable',
    reason: `No valid URL, publish it again: ${fromWebhook?.reason}`,
  });
});
