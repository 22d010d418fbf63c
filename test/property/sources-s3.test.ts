import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';

const eventTime = '2026-01-01T00:00:00.000Z';
const anyKey = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });

/** As S3 writes the key of a notification: form-encoded. */
function formEncode(key: string): string {
  return new URLSearchParams([['', key]]).toString().slice(1);
}

function recordOf(encodedKey: string) {
  const s3 = { bucket: { name: 'site' }, object: { key: encodedKey } };
  return { eventSource: 'aws:s3', eventTime, eventName: 'ObjectCreated:Put', s3 };
}

function eventBridgeOf(key: string) {
  const detail = { bucket: { name: 'site' }, object: { key } };
  return { 'detail-type': 'Object Created', source: 'aws.s3', time: eventTime, detail };
}

const keysOf = (payload: unknown) => readS3Event(payload).changes.map(({ key }) => key);

describe('an S3 event', () => {
  it('returns any key, in each encoding and envelope', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const notification = { Records: [recordOf(formEncode(key))] };
        const event = eventBridgeOf(key);
        for (const document of [notification, event]) {
          const message = JSON.stringify(document);
          const wrapped = JSON.stringify({ Type: 'Notification', Message: message });
          expect(keysOf(document)).toEqual([key]);
          expect(keysOf({ Records: [{ EventSource: 'aws:sns', Sns: { Message: message } }] })).toEqual([key]);
          for (const body of [message, wrapped]) {
            expect(keysOf({ Records: [{ eventSource: 'aws:sqs', messageId: 'm', body }] })).toEqual([key]);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of any content is read without a throw, and every record of it is accounted for', () => {
    const anyValue = fc.anything({ withNullPrototype: true, maxDepth: 4 });
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 5 }), anyValue, (records, other) => {
        const { changes, ignored, notUnderstood } = readS3Event({ Records: records });
        expect(changes.length + ignored.length + notUnderstood.length).toBe(records.length);
        readS3Event(other);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps its good records whatever is next to them', () => {
    const anyRecord = fc.oneof(
      fc.record({ good: fc.constant(true), key: anyKey }),
      fc.record({ good: fc.constant(false), junk: fc.jsonValue({ maxDepth: 3 }) }),
    );
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 8 }), (mixed) => {
        const documents = mixed.map((each) => ('key' in each ? recordOf(formEncode(each.key)) : each.junk));
        const expected = mixed.flatMap((each) => ('key' in each ? [each.key] : []));
        expect(keysOf({ Records: documents })).toEqual(expected);
        const messages = documents.map((document, index) => ({
          eventSource: 'aws:sqs',
          messageId: `m${index}`,
          body: JSON.stringify({ Records: [document] }),
        }));
        expect(keysOf({ Records: messages })).toEqual(expected);
        expect(readS3Event({ Records: messages }).messages.map(({ messageId }) => messageId)).toEqual(
          messages.map(({ messageId }) => messageId),
        );
      }),
      { numRuns: 500 },
    );
  });
});
