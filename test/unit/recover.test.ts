import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { recoverMessage } from '../../functions/submit/recover-s3-event.ts';

const rules = compileRules({
  target: 'production',
  rules: [
    { match: { source: 's3', key: 'site/{+path}' }, purge: { fileUrls: ['https://h.example/{+path}'] } },
  ],
});
const event = (key: string) => ({
  'detail-type': 'Object Deleted',
  source: 'aws.s3',
  time: '2026-01-01T00:00:00Z',
  detail: { bucket: { name: 'b' }, object: { key } },
});
const expected = {
  v: 1,
  change: {
    source: 's3',
    action: 'delete',
    id: 's3://b/site/a',
    occurredAt: expect.stringMatching(/^2026-01-01T/),
  },
  entries: [{ kind: 'file', url: 'https://h.example/a', target: 'production', action: 'delete' }],
};

const deleted = { ...expected.change, bucket: 'b', key: 'site/a' };

test('an event that EventBridge could not deliver is mapped', () => {
  expect(recoverMessage(JSON.stringify(event('site/a')), rules)).toEqual({
    message: expected,
    changes: [deleted],
    unreadable: [],
  });
});

test('an event that the function failed to process is mapped', () => {
  const record = { version: '1.0', requestContext: {}, requestPayload: event('site/a') };
  expect(recoverMessage(JSON.stringify(record), rules)).toEqual({
    message: expected,
    changes: [deleted],
    unreadable: [],
  });
});

test('of an event of several records, those that cannot be read are kept', () => {
  const record = (key: unknown) => ({
    eventSource: 'aws:s3',
    eventName: 'ObjectRemoved:Delete',
    eventTime: '2026-01-01T00:00:00Z',
    s3: { bucket: { name: 'b' }, object: { key } },
  });
  const recovered = recoverMessage(JSON.stringify({ Records: [record(7), record('site/a')] }), rules);
  expect(recovered?.message).toEqual(expected);
  expect(recovered?.unreadable).toEqual([
    { body: expect.stringContaining('"key":7'), reason: expect.stringContaining('key') },
  ]);
});

test('a message that SQS has moved as its topic sent it passes the filter of that topic', () => {
  const TopicArn = 'arn:aws:sns:eu-west-1:1:theirs';
  const sentByTopic = (document: unknown) =>
    JSON.stringify({ Type: 'Notification', TopicArn, Message: JSON.stringify(document) });
  const recovered = (document: unknown, prefix: string) =>
    recoverMessage(sentByTopic(document), rules, [{ from: TopicArn, prefix }]);
  expect(recovered(event('site/a'), 'site/')?.changes).toEqual([deleted]);
  expect(recovered(event('site/a'), 'blog/')).toEqual({
    message: { ...expected, entries: [] },
    changes: [],
    unreadable: [],
  });
  expect(recovered({ requestPayload: event('site/a') }, 'site/')).toBeUndefined();
});

test('an event that no rule matches is done with', () => {
  expect(recoverMessage(JSON.stringify(event('drafts/a')), rules)).toMatchObject({
    message: { entries: [] },
  });
});

test('an event without a valid URL stays an event, with the reason', () => {
  const long = event(`site/${'x'.repeat(2100)}`);
  expect(recoverMessage(JSON.stringify(long), rules)).toMatchObject({
    message: { entries: [] },
    unreadable: [
      { body: expect.stringContaining('"Object Deleted"'), reason: expect.stringContaining('2048') },
    ],
  });
});

test('JSON that nests too deeply is none', () => {
  expect(recoverMessage(`{"Records":[${'['.repeat(100_000)}${']'.repeat(100_000)}]}`, rules)).toBeUndefined();
});

test.each(['x', '{}', '[]', 'null', '{"v":2,"entries":[]}', '{"requestPayload":null}'])(
  '%s is not an event of S3',
  (body) => {
    expect(recoverMessage(body, rules)).toBeUndefined();
  },
);
