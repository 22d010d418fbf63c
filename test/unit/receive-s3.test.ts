import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutgoingMessage } from '../../functions/buffer/send-messages.ts';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import type { CarrierFilter, ObjectFilter } from '../../functions/core/model/objects/object-filter.ts';
import { readMessage } from '../../functions/core/model/purge-message.ts';
import { enqueueEvents, s3Events } from '../../functions/lambda/log-events.ts';
import { receiveS3Event } from '../../functions/receive-s3/receive-s3-event.ts';
import type { SkipUnchanged } from '../../functions/receive-s3/skip-unchanged.ts';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';
import { recoverMessage } from '../../functions/submit/messages/recover-s3-event.ts';
import { createSeenFixture } from '../helpers/seen-objects.ts';

const rulesFor = (fileUrls: readonly string[]) =>
  compileRules({
    target: 'production',
    rules: [
      { match: { source: 's3' }, except: 'refused.html', purge: { fileUrls } },
      { match: { source: 's3', key: 'refused.html' }, purge: { fileUrls }, lane: 'people' },
    ],
  });
const compiled = rulesFor(['https://www.example.com/{+key}']);

/** Queues that refuse what contains a given text. */
function createWorld({
  carriers,
  refuses,
  skipUnchanged,
  fileUrls = ['https://www.example.com/{+key}'],
}: {
  carriers?: readonly CarrierFilter[];
  refuses?: string;
  skipUnchanged?: SkipUnchanged;
  fileUrls?: readonly string[];
} = {}) {
  const buffer: OutgoingMessage[] = [];
  const deadLetters: OutgoingMessage[] = [];
  const lines: string[] = [];
  const metrics = new Map<string, number>();
  const log = (message: string, fields: object) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const into = (queue: OutgoingMessage[]) => async (messages: readonly OutgoingMessage[]) =>
    messages.flatMap((message, index) => {
      if (refuses !== undefined && message.body.includes(refuses)) return [{ index, reason: 'away' }];
      queue.push(message);
      return [];
    });
  const rules = rulesFor(fileUrls);
  const ports = {
    rules,
    carriers,
    skipUnchanged,
    send: into(buffer),
    reject: into(deadLetters),
    log: { info: log, warn: log, error: log },
    measure: (name: string, value: number) => void metrics.set(name, (metrics.get(name) ?? 0) + value),
  };
  return {
    lines,
    metrics,
    deadLetters,
    receive: (event: unknown) => receiveS3Event(event, ports),
    keys: () =>
      buffer
        .flatMap(({ body }) => readMessages(body))
        .map((read) =>
          read.kind === 'message' ? read.message.change?.id.replace('s3://site/', '') : undefined,
        ),
  };
}

const record = (key: string) => ({
  eventSource: 'aws:s3',
  eventTime: '2026-01-01T00:00:00Z',
  eventName: 'ObjectCreated:Put',
  s3: { bucket: { name: 'site' }, object: { key } },
});
const message = (messageId: string, body: unknown) => ({
  messageId,
  eventSource: 'aws:sqs',
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
/** What is kept of a message. */
const received = (document: unknown) => {
  const { eventSource, body } = message('', document);
  return JSON.stringify({ Records: [{ eventSource, body }] });
};

test('a record that cannot be read goes to the dead letter queue with the reason, and the rest is queued', async () => {
  const world = createWorld();
  const failed = await world.receive({
    Records: [
      message('m1', { Records: [record('a.html'), record('%'), record('b.html')] }),
      message('m2', 'not JSON'),
      message('m3', { Records: [record('c.html')] }),
    ],
  });
  expect(failed).toEqual([]);
  expect(world.keys()).toEqual(['a.html', 'b.html', 'c.html']);
  expect(world.deadLetters).toEqual([
    {
      body: received({ Records: [record('%')] }),
      reason: 'Expected `s3.object.key` to be the key of an object, got "%"',
    },
    { body: received('not JSON'), reason: 'Expected `body` to be JSON, got 8 characters that are not' },
  ]);
});

test('of a batch only the messages of which something could not be queued are delivered again', async () => {
  const world = createWorld({ refuses: 'refused' });
  const failed = await world.receive({
    Records: [
      message('m1', { Records: [record('a.html')] }),
      message('m2', { Records: [record('b.html'), record('refused.html')] }),
      message('m3', 'refused, and not JSON'),
      message('m4', ''),
    ],
  });
  expect(failed).toEqual(['m2', 'm3']);
  expect(world.keys()).toEqual(['a.html', 'b.html']);
  expect(world.deadLetters.map(({ body }) => body)).toEqual([received('')]);
});

test('an event without SQS is retried as a whole, for a change as for a record that could not be moved', async () => {
  for (const key of ['refused.html', 'refused%']) {
    const { receive } = createWorld({ refuses: 'refused' });
    await expect(receive({ Records: [record(key)] })).rejects.toThrow('could not be queued');
  }
});

describe('of a queue and of topics that send to another one', () => {
  const [queue, inbox] = ['arn:aws:sqs:eu-west-1:1:theirs', 'arn:aws:sqs:eu-west-1:2:inbox'];
  const [topic, otherTopic] = ['arn:aws:sns:eu-west-1:1:theirs', 'arn:aws:sns:eu-west-1:1:open'];
  const carriers = [
    { from: topic, bucket: 'site', prefix: 'blog/', suffix: '.html' },
    { from: topic, bucket: 'other' },
    { from: queue, bucket: 'site', prefix: 'docs/' },
  ];
  const sentBy = (eventSourceARN: string, body: unknown) => ({ ...message('m', body), eventSourceARN });
  const envelope = (TopicArn: string, document: unknown) => {
    return { Type: 'Notification', TopicArn, Message: JSON.stringify(document) };
  };
  const keysOf = async (...records: readonly unknown[]) => {
    const world = createWorld({ carriers });
    expect(await world.receive({ Records: records })).toEqual([]);
    expect(world.deadLetters).toEqual([]);
    return world.keys();
  };
  const all = { Records: ['blog/a.html', 'blog/a.css', 'docs/a', 'blog/b.html'].map(record) };

  test('each tells of the objects of its own filter alone, with one line for all that are left out', async () => {
    const world = createWorld({ carriers });
    await world.receive({ Records: [sentBy(inbox, envelope(topic, all)), sentBy(queue, all)] });
    expect(world.keys()).toEqual(['blog/a.html', 'blog/b.html', 'docs/a']);
    expect(world.lines.filter((line) => line.startsWith(s3Events.changesFiltered))).toEqual([
      `${s3Events.changesFiltered} {"count":5,"first":"s3://site/blog/a.css"}`,
    ]);
  });

  test('no filter holds for a topic without one, for a bucket that notifies, or for EventBridge', async () => {
    const keys = ['blog/a.html', 'blog/a.css', 'docs/a', 'blog/b.html'];
    expect(await keysOf(sentBy(inbox, envelope(otherTopic, all)))).toEqual(keys);
    expect(await keysOf(sentBy(inbox, all))).toEqual(keys);
    expect(await keysOf(...all.Records)).toEqual(keys);
  });

  test("a watched queue that subscribes to a watched topic has the queue's filter", async () => {
    expect(await keysOf(sentBy(queue, envelope(topic, all)))).toEqual(['docs/a']);
  });

  test('nothing that is written into a message makes it come from elsewhere', () => {
    const anyBody = fc.letrec<{ body: unknown }>((tie) => ({
      body: fc.oneof(
        { maxDepth: 3 },
        fc.constant(all),
        fc
          .tuple(fc.constantFrom(topic, otherTopic, inbox), tie('body'))
          .map(([arn, body]) => envelope(arn, body)),
        tie('body').map((body) => ({ Records: [sentBy(inbox, body)] })),
        tie('body').map((body) => ({ TopicArn: otherTopic, eventSourceARN: inbox, Records: [body] })),
      ),
    })).body;
    return fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        const byTopic = createWorld({ carriers });
        await byTopic.receive({ Records: [sentBy(inbox, envelope(topic, body))] });
        expect(byTopic.keys().filter((key) => !key?.startsWith('blog/'))).toEqual([]);
        const byQueue = createWorld({ carriers });
        await byQueue.receive({ Records: [sentBy(queue, body)] });
        expect(byQueue.keys().filter((key) => !key?.startsWith('docs/'))).toEqual([]);
      }),
    );
  });

  test('what cannot be read keeps its carrier, and makes no more than it may once it is redriven', () => {
    const purge = { v: 1, entries: [{ kind: 'dir', url: 'https://www.example.com/', target: 'production' }] };
    const foreign = { Records: ['blog/a.html', 'other', 'blog/%'].map(record) };
    const anyBody = fc.letrec<{ body: unknown }>((tie) => ({
      body: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom<unknown>(purge, foreign, 'not JSON', 7, record('other')),
        tie('body').map((requestPayload) => ({ ...purge, requestPayload })),
        tie('body').map((requestPayload) => ({ requestPayload })),
        tie('body').map((body) => envelope(otherTopic, body)),
        tie('body').map((body) => ({ Records: [sentBy(inbox, body), body] })),
      ),
    })).body;
    const redriven = (body: string): readonly string[] => {
      expect(readMessage(body).kind).toBe('unreadable');
      const { changes = [], unreadable = [] } = recoverMessage(body, compiled, carriers) ?? {};
      return [...changes.map(({ key }) => key), ...unreadable.flatMap(({ body }) => redriven(body))];
    };
    return fc.assert(
      fc.asyncProperty(anyBody, async (body) => {
        for (const [carrier, prefix] of [
          [sentBy(inbox, envelope(topic, body)), 'blog/'],
          [sentBy(queue, body), 'docs/'],
        ] as const) {
          const world = createWorld({ carriers });
          await world.receive({ Records: [carrier] });
          const keys = world.deadLetters.flatMap((letter) => redriven(letter.body));
          expect(keys.filter((key) => !key.startsWith(prefix))).toEqual([]);
        }
      }),
    );
  });
});

test('a change whose only URL is too long goes to the dead letter queue as an event, and is not said to be queued', async () => {
  const world = createWorld();
  const key = `zh/${'文'.repeat(330)}.html`;
  await world.receive({ Records: [record(encodeURIComponent(key)), record('a.html')] });
  expect(world.keys()).toEqual(['a.html']);
  expect(world.deadLetters).toMatchObject([{ reason: expect.stringContaining('2048') }]);
  const [{ body } = { body: '' }] = world.deadLetters;
  expect(readS3Event(JSON.parse(body)).changes).toMatchObject([{ key, action: 'put' }]);
  expect(world.lines.filter((line) => line.startsWith(enqueueEvents.changeQueued))).toHaveLength(1);
  expect(world.lines.join()).toContain(enqueueEvents.changeUnpurgeable);
});

test('one that cannot be put there is delivered again', async () => {
  const world = createWorld({ refuses: '文' });
  const event = { Records: [message('m1', { Records: [record(encodeURIComponent('文'.repeat(330)))] })] };
  expect(await world.receive(event)).toEqual(['m1']);
});

describe('where unchanged puts are left out', () => {
  const put = (key: string, content: string, sequencer: string) => {
    const { s3, ...rest } = record(key);
    const object = { key, eTag: content.repeat(32), size: 1, sequencer };
    return { Records: [{ ...rest, s3: { ...s3, object } }] };
  };
  const removed = (key: string, sequencer: string) => ({
    Records: [{ ...put(key, 'a', sequencer).Records[0], eventName: 'ObjectRemoved:Delete' }],
  });
  const skipping = (objects: readonly ObjectFilter[] = [{}], rulesKey = 'r') => {
    const seen = createSeenFixture();
    const skipUnchanged = { objects, seen, rulesKey };
    return {
      seen,
      world: createWorld({ skipUnchanged }),
      worldOf: (key: string, fileUrls?: readonly string[]) =>
        createWorld({
          skipUnchanged: { ...skipUnchanged, rulesKey: key },
          ...(fileUrls && { fileUrls }),
        }),
    };
  };

  test('a put of what was purged last is left out, logged and counted', async () => {
    const { world } = skipping();
    for (const sequencer of ['01', '02', '03']) await world.receive(put('a', 'a', sequencer));
    expect(world.keys()).toEqual(['a']);
    expect(world.metrics.get('ChangesUnchanged')).toBe(2);
    expect(world.lines.filter((line) => line.startsWith(s3Events.changeUnchanged))).toHaveLength(2);
  });

  test('a put of anything else is purged, and so is one after a delete, or one that is older', async () => {
    const { world } = skipping();
    await world.receive(put('a', 'a', '01'));
    await world.receive(put('a', 'b', '03'));
    await world.receive(put('a', 'a', '02'));
    await world.receive(removed('a', '04'));
    await world.receive(put('a', 'b', '05'));
    expect(world.keys()).toHaveLength(5);
    await world.receive(put('a', 'b', '06'));
    expect(world.keys()).toHaveLength(5);
  });

  test('what came while no rule purged the object is accounted for, once its rules are back', async () => {
    const { seen, world, worldOf } = skipping();
    await world.receive(put('a', 'a', '01'));
    const without = worldOf('without rules', []);
    await without.receive(put('a', 'b', '02'));
    await without.receive(put('other', 'b', '01'));
    expect(without.keys()).toEqual([]);
    expect(await seen.read({ bucket: 'site', key: 'other' })).toEqual({ seen: undefined, version: 0 });
    await world.receive(put('a', 'a', '03'));
    expect(world.keys()).toEqual(['a', 'a']);
  });

  test('a put of the same content is purged where the rules are others', async () => {
    const { world, worldOf } = skipping();
    await world.receive(put('a', 'a', '01'));
    const later = worldOf('other rules');
    await later.receive(put('a', 'a', '02'));
    expect(later.keys()).toEqual(['a']);
  });

  test('an object that is not meant is always purged', async () => {
    const { world } = skipping([{ bucket: 'site', prefix: 'assets/' }, { bucket: 'other' }]);
    for (const sequencer of ['01', '02']) {
      await world.receive(put('a', 'a', sequencer));
      await world.receive(put('assets/a', 'a', sequencer));
    }
    expect(world.keys()).toEqual(['a', 'assets/a', 'a']);
  });

  test('puts that cannot be compared are purged, and those that cannot be recorded come again', async () => {
    const { seen, world } = skipping();
    seen.before = () => {
      throw new Error('the table is away');
    };
    const event = put('a', 'a', '01');
    const messages = { Records: [message('m1', event), message('m2', put('b', 'a', '01'))] };
    expect(await world.receive(messages)).toEqual(['m1', 'm2']);
    expect(world.keys()).toEqual(['a', 'b']);
    await expect(world.receive(event)).rejects.toThrow('could not be queued or recorded');
  });

  test('objects that could not be read are purged once, and do not make others unknown', async () => {
    const { seen, world } = skipping();
    const keys = Array.from({ length: 150 }, (_, index) => `k${index}`);
    const upload = (sequencer: string) => ({
      Records: keys.flatMap((key) => put(key, 'a', sequencer).Records),
    });
    await world.receive(upload('01'));
    let reads = 0;
    seen.before = (step) => {
      if (step === 'read' && reads++ === 0) throw new Error('one of two reads fails');
    };
    await world.receive(upload('02'));
    expect(world.keys().slice(keys.length)).toEqual(keys.slice(0, 100));
  });

  test('one that could not be read is purged again where something newer was recorded meanwhile', async () => {
    const { seen, world } = skipping();
    await world.receive(put('a', 'a', '03'));
    let reads = 0;
    seen.before = (step) => {
      if (step === 'read' && reads++ === 0) throw new Error('the first read fails');
    };
    await world.receive(put('a', 'b', '02'));
    expect(world.keys()).toEqual(['a', 'a', 'a']);
  });

  test('nothing is recorded of what could not be queued', async () => {
    const seen = createSeenFixture();
    const skipUnchanged = { objects: [{}], seen, rulesKey: 'r' };
    const refusing = createWorld({ refuses: 'site', skipUnchanged });
    await expect(refusing.receive(put('a', 'a', '01'))).rejects.toThrow('could not be queued');
    expect(await seen.read({ bucket: 'site', key: 'a' })).toEqual({ seen: undefined, version: 0 });
  });

  test('an invalid URL that the dead letter queue did not take is not left out when it comes again', async () => {
    const seen = createSeenFixture();
    const skipUnchanged = { objects: [{}], seen, rulesKey: 'r' };
    const fileUrls = ['https://www.example.com/{+key}', 'https://www.example.com/feed.xml'];
    const event = { Records: [message('m1', put('x'.repeat(2100), 'a', '01'))] };
    const refusing = createWorld({ refuses: 'detail-type', skipUnchanged, fileUrls });
    expect(await refusing.receive(event)).toEqual(['m1']);
    expect(refusing.keys()).toHaveLength(1);
    const world = createWorld({ skipUnchanged, fileUrls });
    expect(await world.receive(event)).toEqual([]);
    expect(world.deadLetters).toMatchObject([{ reason: expect.stringContaining('2048') }]);
  });
});
