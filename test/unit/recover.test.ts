import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { recoverMessage } from '../../functions/submit/messages/recover-s3-event.ts';

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
const shows = { gone: true, sinceMs: Date.parse('2026-01-01T00:00:00Z') };
const expectedMessage = {
  v: 1,
  change: {
    source: 's3',
    action: 'delete',
    id: 's3://b/site/a',
    occurredAt: '2026-01-01T00:00:00Z',
    rules: ['rules[0]'],
  },
  entries: [{ kind: 'file', url: 'https://h.example/a', target: 'production', action: 'delete', shows }],
};

const { rules: _, ...change } = expectedMessage.change;
const deleted = { ...change, bucket: 'b', key: 'site/a', shows };

test('an event that EventBridge could not deliver is mapped', () => {
  expect(recoverMessage(JSON.stringify(event('site/a')), rules)).toEqual({
    messages: [{ body: JSON.stringify(expectedMessage) }],
    changes: [deleted],
    unreadable: [],
  });
});

test('an event that the function failed to process is mapped', () => {
  const record = { version: '1.0', requestContext: {}, requestPayload: event('site/a') };
  expect(recoverMessage(JSON.stringify(record), rules)).toEqual({
    messages: [{ body: JSON.stringify(expectedMessage) }],
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
  expect(recovered?.messages).toEqual([{ body: JSON.stringify(expectedMessage) }]);
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
    messages: [],
    changes: [],
    unreadable: [],
  });
  expect(recovered({ requestPayload: event('site/a') }, 'site/')).toBeUndefined();
});

test('what a rule delays or purges twice is delayed after a redrive, too, in the lane of the rule', () => {
  const match = { source: 's3', key: 'site/{+path}' } as const;
  const purge = { fileUrls: ['https://h.example/{+path}'] };
  const slow = compileRules({
    target: 'production',
    rules: [{ match, purge, lane: 'bulk', delaySeconds: 60, repeatAfterSeconds: 300 }],
  });
  const { messages = [] } = recoverMessage(JSON.stringify(event('site/a')), slow) ?? {};
  expect(messages.map(({ delaySeconds }) => delaySeconds)).toEqual([60, 360]);
  for (const { body } of messages) expect(JSON.parse(body)).toMatchObject({ lane: 'bulk' });
});

test('an event that no rule matches is done with', () => {
  expect(recoverMessage(JSON.stringify(event('drafts/a')), rules)).toMatchObject({
    messages: [],
  });
});

test('an event without a valid URL stays an event, with the reason', () => {
  const long = event(`site/${'x'.repeat(2100)}`);
  expect(recoverMessage(JSON.stringify(long), rules)).toMatchObject({
    messages: [],
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
