import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { recoverMessage } from '../../functions/submit/messages/recover-s3-event.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { redrive } from '../../infra/cli/purger/queues/redrive.ts';
import { objectChange } from '../helpers/changes.ts';

/** A network that fails, and a user who stops the command. */
class Broken extends Error {}

interface Letter {
  readonly id: string;
  readonly body: string;
  readonly sentMs: number;
  /** The message attribute. */
  readonly reason?: string | undefined;
  isHidden: boolean;
}

/**
 * A dead letter queue and a purge queue.
 * @param breaks asked before each call takes effect and after it: where it is true, the call fails there
 * @param refuses whether the purge queue refuses a message
 */
function createQueues(letters: readonly Letter[], breaks: () => boolean, refuses: (body: string) => boolean) {
  const dead = new Map(letters.map((letter) => [letter.id, letter]));
  const buffer: string[] = [];
  const answer = (command: object): object => {
    if (command instanceof ReceiveMessageCommand) {
      const visible = [...dead.values()].filter(({ isHidden }) => !isHidden).slice(0, 10);
      for (const letter of visible) letter.isHidden = true;
      return {
        Messages: visible.map(({ id, body, sentMs, reason }) => ({
          MessageId: id,
          Body: body,
          ReceiptHandle: id,
          Attributes: { SentTimestamp: String(sentMs) },
          ...(reason !== undefined && { MessageAttributes: { reason: { StringValue: reason } } }),
        })),
      };
    }
    if (command instanceof SendMessageBatchCommand) {
      const { Entries = [] } = command.input;
      const failed = Entries.filter(({ MessageBody = '' }) => refuses(MessageBody));
      buffer.push(...Entries.flatMap((each) => (failed.includes(each) ? [] : [each.MessageBody ?? ''])));
      return { Failed: failed.map(({ Id }) => ({ Id, Code: 'Refused', SenderFault: true })) };
    }
    if (command instanceof DeleteMessageBatchCommand) {
      for (const { ReceiptHandle = '' } of command.input.Entries ?? []) dead.delete(ReceiptHandle);
      return {};
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      for (const { ReceiptHandle = '' } of command.input.Entries ?? []) {
        const letter = dead.get(ReceiptHandle);
        if (letter !== undefined) letter.isHidden = false;
      }
      return {};
    }
    throw new Error(`Expected a call of a redrive, got ${command.constructor.name}`);
  };
  const send = async (command: object) => {
    if (breaks()) throw new Broken();
    const answered = answer(command);
    if (breaks()) throw new Broken();
    return answered;
  };
  const sqs = { send } as unknown as SQSClient;
  const purger = {
    clients: { sqs: async () => sqs },
    queues: { buffer: 'buffer', deadLetters: 'dead' },
  } as unknown as Purger;
  return { purger, dead, buffer };
}

const startMs = 1_000_000;
const letters = fc.array(
  fc.record({
    host: fc.constantFrom('a.example', 'b.example'),
    isLater: fc.boolean(),
    isRefused: fc.boolean(),
  }),
  { maxLength: 35 },
);

function letterOf(
  { host, isLater, isRefused }: { host: string; isLater: boolean; isRefused: boolean },
  index: number,
): Letter {
  const url = `https://${host}/${index}${isRefused ? '-refused' : ''}`;
  const entry = { kind: 'file', url, target: 'production' };
  const body = JSON.stringify({ v: 1, entries: [entry], rejected: { reason: 'no' } });
  return { id: `m${index}`, body, sentMs: startMs + (isLater ? 1 : 0), isHidden: false };
}

const refuses = (body: string) => body.includes('-refused');

test('wherever a redrive is stopped, no dead letter is lost, and none leaves that was not meant', async () => {
  await fc.assert(
    fc.asyncProperty(letters, fc.array(fc.boolean(), { maxLength: 40 }), async (drawn, breaking) => {
      const all = drawn.map(letterOf);
      const breaks = [...breaking];
      const { purger, dead, buffer } = createQueues(all, () => breaks.shift() ?? false, refuses);
      await redrive(purger, { host: 'a.example' }, startMs).catch((error) => {
        expect(error).toBeInstanceOf(Broken);
      });
      for (const { id, body, sentMs } of all) {
        expect(dead.has(id) || buffer.includes(body)).toBe(true);
        const isMeant = body.includes('a.example') && sentMs <= startMs;
        if (!isMeant) expect([dead.has(id), buffer.includes(body)]).toEqual([true, false]);
      }
    }),
    { numRuns: 200 },
  );
});

test('a redrive that nothing stops moves each that is meant once, and lets others see the rest', async () => {
  await fc.assert(
    fc.asyncProperty(letters, async (drawn) => {
      const all = drawn.map(letterOf);
      const { purger, dead, buffer } = createQueues(all, () => false, refuses);
      const { moved, kept, failed } = await redrive(purger, { host: 'a.example' }, startMs);
      const meant = all.filter(({ body, sentMs }) => body.includes('a.example') && sentMs <= startMs);
      expect(buffer.toSorted()).toEqual(
        meant.flatMap(({ body }) => (refuses(body) ? [] : [body])).toSorted(),
      );
      expect(moved).toBe(buffer.length);
      expect(failed.length).toBe(meant.length - moved);
      expect(moved + kept + failed.length).toBe(all.length);
      expect([...dead.values()].filter(({ isHidden }) => isHidden)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

const object = (bucket: string, key: string) => s3EventOf(objectChange(key, { bucket }));
const text = fc.string({ maxLength: 20 });
const event = fc
  .tuple(fc.constantFrom('site', 'other'), fc.constantFrom('a', 'b c'))
  .map(([bucket, key]) => object(bucket, key));
const asNotification = (inner: unknown) => ({
  Type: 'Notification',
  TopicArn: 'arn:aws:sns:eu-west-1:1:t',
  Message: JSON.stringify(inner),
});
const inQueue = (body: unknown) => ({
  Records: [
    { eventSource: 'aws:sqs', eventSourceARN: 'arn:aws:sqs:eu-west-1:1:q', body: JSON.stringify(body) },
  ],
});
const payloads = fc.oneof(event, text, fc.constantFrom({ Event: 's3:TestEvent' }, {}, { Records: [] }));
const documents = fc.oneof(
  payloads,
  payloads.map(asNotification),
  payloads.map(inQueue),
  payloads.map((inner) => inQueue(asNotification(inner))),
  payloads.map((requestPayload) => ({ requestPayload, responsePayload: { errorMessage: 'crashed' } })),
  fc.record({
    v: fc.constantFrom(1, 2, 3),
    entries: fc.constantFrom([], [{ kind: 'file', url: 'https://h.example/', target: 'production' }]),
  }),
  fc.constant({
    v: 1,
    change: { source: 'contentful', id: '1', action: 'put' },
    entries: [],
    rejected: { reason: 'no URL' },
  }),
);
const bodies = fc.oneof(
  text,
  documents.map((document) => JSON.stringify(document)),
);
const rules = compileRules({ target: 'production', rules: [] });

/** Whether `submit` takes a body for something to purge, rather than sending it back to the dead letter queue. */
function isTaken(body: string): boolean {
  return (
    readMessages(body).some(({ kind }) => kind === 'message') || recoverMessage(body, rules) !== undefined
  );
}

test('a redrive moves exactly what submit can read: the rest would only come back, and stays', async () => {
  const drawn = fc.array(fc.tuple(bodies, fc.option(text, { nil: undefined })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(drawn, async (all) => {
      const { purger, dead, buffer } = createQueues(
        all.map(([body, reason], index) => ({
          id: `m${index}`,
          body,
          reason,
          sentMs: startMs,
          isHidden: false,
        })),
        () => false,
        () => false,
      );
      const { moved, kept, unreadable } = await redrive(purger, {}, startMs);
      const readable = all.map(([body]) => body).filter(isTaken);
      expect(buffer.toSorted()).toEqual(readable.toSorted());
      expect({ moved, kept, unreadable }).toEqual({
        moved: readable.length,
        kept: dead.size,
        unreadable: dead.size,
      });
      expect([...dead.values()].filter(({ isHidden }) => isHidden)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
