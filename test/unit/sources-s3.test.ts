import { describe, expect, it } from 'vitest';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';

const eventTime = '2026-01-01T00:00:00.000Z';

function notification(key: string, eventName = 'ObjectCreated:Put', sequencer = '0055AED6DCD90281E5') {
  const s3 = { bucket: { name: 'site', arn: 'arn:aws:s3:::site' }, object: { key, sequencer } };
  return { eventVersion: '2.5', eventSource: 'aws:s3', eventTime, eventName, s3 };
}

function eventBridge(key: string, detailType = 'Object Created') {
  const detail = { version: '0', bucket: { name: 'site' }, object: { key, sequencer: '617f08299329d189' } };
  return { version: '0', 'detail-type': detailType, source: 'aws.s3', time: '2026-01-01T00:00:00Z', detail };
}

const testEvent = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: eventTime, Bucket: 'site' };
const byNotification = (...records: readonly unknown[]) => ({ Records: records });
const bySnsToLambda = (message: unknown) => ({
  Records: [
    {
      EventSource: 'aws:sns',
      Sns: { Type: 'Notification', MessageId: 'n1', Message: JSON.stringify(message) },
    },
  ],
});
const snsWrapped = (message: unknown) => ({
  Type: 'Notification',
  MessageId: 'n1',
  TopicArn: 'arn:aws:sns:us-west-2:1:site',
  Message: JSON.stringify(message),
});
const sqsMessage = (messageId: string, body: unknown) => ({
  messageId,
  eventSource: 'aws:sqs',
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

function change(key: string, action = 'put', sequencer = '0055AED6DCD90281E5', occurredAt = eventTime) {
  const shows = { ...(action === 'delete' && { gone: true }), sinceMs: Date.parse(eventTime), sequencer };
  return { source: 's3', action, id: `s3://site/${key}`, bucket: 'site', key, occurredAt, sequencer, shows };
}

function bridgeChange(key: string, action = 'put') {
  return change(key, action, '617f08299329d189', '2026-01-01T00:00:00Z');
}

describe('a change of an object is read whatever its envelope', () => {
  const record = notification('blog/hello+world%2B.html');
  const fromRecord = change('blog/hello world+.html');
  const event = eventBridge('blog/hello world+%2B.html');
  const fromEvent = bridgeChange('blog/hello world+%2B.html');

  it.each([
    ['a notification', byNotification(record), fromRecord],
    ['EventBridge', event, fromEvent],
    ['SNS to Lambda', bySnsToLambda(byNotification(record)), fromRecord],
    ['EventBridge by SNS to Lambda', bySnsToLambda(event), fromEvent],
    ['a notification in SQS', { Records: [sqsMessage('m1', byNotification(record))] }, fromRecord],
    ['EventBridge in SQS', { Records: [sqsMessage('m1', event)] }, fromEvent],
    ['SNS in SQS', { Records: [sqsMessage('m1', snsWrapped(byNotification(record)))] }, fromRecord],
    ['EventBridge by SNS in SQS', { Records: [sqsMessage('m1', snsWrapped(event))] }, fromEvent],
  ])('%s', (_, payload, expected) => {
    const { changes, ignored, notUnderstood } = readS3Event(payload);
    expect({ changes, ignored, notUnderstood }).toEqual({
      changes: [expected],
      ignored: [],
      notUnderstood: [],
    });
  });
});

describe('the name of an S3 event', () => {
  it.each([
    ['ObjectCreated:Put', 'put'],
    ['ObjectCreated:Post', 'put'],
    ['ObjectCreated:Copy', 'put'],
    ['ObjectCreated:CompleteMultipartUpload', 'put'],
    ['s3:ObjectCreated:Put', 'put'],
    ['ObjectRemoved:Delete', 'delete'],
    ['ObjectRemoved:DeleteMarkerCreated', 'delete'],
    ['LifecycleExpiration:Delete', 'delete'],
    ['LifecycleExpiration:DeleteMarkerCreated', 'delete'],
  ])('%s is a %s', (eventName, action) => {
    expect(readS3Event(byNotification(notification('a.html', eventName))).changes).toEqual([
      change('a.html', action),
    ]);
  });

  it.each([
    ['Object Created', 'put'],
    ['Object Deleted', 'delete'],
  ])('%s is a %s', (detailType, action) => {
    expect(readS3Event(eventBridge('a.html', detailType)).changes).toEqual([bridgeChange('a.html', action)]);
  });

  const reason = 'not an event that creates or removes an object';

  it.each([
    'ObjectRestore:Completed',
    'ObjectTagging:Put',
    'ObjectAcl:Put',
    'LifecycleTransition',
    'NewEvent:Any',
  ])('%s is ignored', (name) => {
    expect(readS3Event(byNotification(notification('a.html', name)))).toEqual({
      changes: [],
      ignored: [{ name, reason }],
      notUnderstood: [],
      messages: [],
    });
  });

  it.each(['Object Tags Added', 'Object Restore Completed', 'constructor'])('%s is ignored', (name) => {
    expect(readS3Event(eventBridge('a.html', name)).ignored).toEqual([{ name, reason }]);
  });

  it.each([
    ['itself', testEvent],
    ['SNS', bySnsToLambda(testEvent)],
    ['SQS', { Records: [sqsMessage('m1', testEvent)] }],
  ])('s3:TestEvent is ignored, by %s', (_, payload) => {
    const { changes, ignored, notUnderstood } = readS3Event(payload);
    expect(changes).toEqual([]);
    expect(notUnderstood).toEqual([]);
    expect(ignored).toMatchObject([{ name: 's3:TestEvent', reason: 'sent when a notification is set up' }]);
  });
});

describe('the key of a notification', () => {
  it.each([
    ['a%2Fb+c.html', 'a/b c.html'],
    ['caf%C3%A9/%F0%9F%8E%89', 'café/🎉'],
    ['100%25', '100%'],
    ['a%2Bb', 'a+b'],
  ])('%s is %s', (encoded, key) => {
    expect(readS3Event(byNotification(notification(encoded))).changes).toEqual([change(key)]);
  });

  it.each(['100%', 'a%zz', '%C3', '%FF.html', ''])('%j is not understood', (key) => {
    expect(readS3Event(byNotification(notification(key))).notUnderstood).toEqual([
      {
        name: 'ObjectCreated:Put',
        reason: `Expected \`s3.object.key\` to be the key of an object, got ${JSON.stringify(key)}`,
        text: JSON.stringify(byNotification(notification(key))),
      },
    ]);
  });
});

describe('what is not understood is named', () => {
  const { s3: _, ...withoutObject } = notification('a.html');
  const { eventName: __, ...withoutName } = notification('a.html');
  const wanted = 'an event of S3 by EventBridge, notification, SNS or SQS';

  it.each([
    [null, 'unknown', `Expected \`event\` to be ${wanted}, got null`],
    ['text', 'unknown', `Expected \`event\` to be ${wanted}, got "text"`],
    [{ hello: 1 }, 'unknown', `Expected \`event\` to be ${wanted}, got an object with "hello"`],
    [byNotification(7), 'unknown', 'Expected `s3` to be an object, got nothing'],
    [
      byNotification({ eventSource: 'aws:dynamodb' }),
      'aws:dynamodb',
      'Expected `s3` to be an object, got nothing',
    ],
    [byNotification(withoutObject), 'aws:s3', 'Expected `s3` to be an object, got nothing'],
    [byNotification(withoutName), 'aws:s3', 'Expected `eventName` to be a string, got nothing'],
    [
      byNotification({ ...notification('a.html'), s3: { object: { key: 'a' } } }),
      'ObjectCreated:Put',
      'Expected `s3.bucket.name` to be a string, got nothing',
    ],
    [
      byNotification({ ...notification('a.html'), eventTime: 'now' }),
      'ObjectCreated:Put',
      'Expected `eventTime` to be a time in ISO 8601, got "now"',
    ],
    [
      { ...eventBridge('a.html'), source: 'custom' },
      'Object Created',
      'Expected `source` to be "aws.s3", got "custom"',
    ],
    [
      { ...eventBridge('a.html'), detail: { bucket: { name: 'site' }, object: { key: 5 } } },
      'Object Created',
      'Expected `detail.object.key` to be the key of an object, got 5',
    ],
    [
      { Records: [{ EventSource: 'aws:sns', Sns: { Message: '{' } }] },
      'aws:sns',
      'Expected `Sns.Message` to be JSON, got 1 characters that are not',
    ],
    [
      { Records: [{ EventSource: 'aws:sns' }] },
      'aws:sns',
      'Expected `Sns.Message` to be a string of JSON, got nothing',
    ],
  ])('%j', (payload, name, reason) => {
    expect(readS3Event(payload)).toEqual({
      changes: [],
      ignored: [],
      notUnderstood: [{ name, reason, text: expect.any(String) }],
      messages: [],
    });
  });

  it('and does not stop its neighbours', () => {
    const reading = readS3Event(
      byNotification(notification('a.html'), null, notification('%'), {}, notification('b.html')),
    );
    expect(reading.changes).toEqual([change('a.html'), change('b.html')]);
    expect(reading.notUnderstood).toHaveLength(3);
  });

  it('and wrapped without end is let be', () => {
    const wrapped = [1, 2, 3, 4, 5].reduce<unknown>((inner) => snsWrapped(inner), testEvent);
    expect(readS3Event(wrapped).notUnderstood).toMatchObject([
      {
        name: 'aws:sns',
        reason: expect.stringMatching(/^Expected `Message` to be wrapped less often, got /),
      },
    ]);
  });

  it('by a name of bounded length', () => {
    expect(readS3Event(byNotification(notification('a', 'x'.repeat(4000)))).ignored[0]?.name).toHaveLength(
      100,
    );
  });
});

describe('a batch of SQS messages', () => {
  it('is read message by message, so that only what failed goes back to the queue', () => {
    const reading = readS3Event({
      Records: [
        sqsMessage(
          'm1',
          byNotification(notification('a.html'), notification('b.html', 'ObjectRemoved:Delete')),
        ),
        sqsMessage('m2', 'not JSON'),
        sqsMessage('m3', testEvent),
        sqsMessage('m4', byNotification(notification('%'), notification('c.html'))),
        { messageId: 'm5', eventSource: 'aws:sqs' },
      ],
    });
    const first = [change('a.html'), change('b.html', 'delete')];
    const ignored = [{ name: 's3:TestEvent', reason: 'sent when a notification is set up', messageId: 'm3' }];
    const kept = (body: string) => JSON.stringify({ Records: [{ eventSource: 'aws:sqs', body }] });
    const notUnderstood = [
      {
        name: 'aws:sqs',
        reason: 'Expected `body` to be JSON, got 8 characters that are not',
        text: kept('not JSON'),
        messageId: 'm2',
      },
      {
        name: 'ObjectCreated:Put',
        reason: 'Expected `s3.object.key` to be the key of an object, got "%"',
        text: kept(JSON.stringify(byNotification(notification('%')))),
        messageId: 'm4',
      },
      {
        name: 'aws:sqs',
        reason: 'Expected `body` to be a string of JSON, got nothing',
        text: kept(''),
        messageId: 'm5',
      },
    ];
    expect(reading).toEqual({
      changes: [...first, change('c.html')],
      ignored,
      notUnderstood,
      messages: [
        { messageId: 'm1', path: [], changes: first, ignored: [], notUnderstood: [] },
        { messageId: 'm2', path: [], changes: [], ignored: [], notUnderstood: [notUnderstood[0]] },
        { messageId: 'm3', path: [], changes: [], ignored, notUnderstood: [] },
        {
          messageId: 'm4',
          path: [],
          changes: [change('c.html')],
          ignored: [],
          notUnderstood: [notUnderstood[1]],
        },
        { messageId: 'm5', path: [], changes: [], ignored: [], notUnderstood: [notUnderstood[2]] },
      ],
    });
  });
});

describe('the content of an object is told', () => {
  const etag = '0cc175b9c0f1b6a831c399e269772661';
  const ofNotification = (object: object, eventName = 'ObjectCreated:Put') => {
    const record = notification('a', eventName);
    return { Records: [{ ...record, s3: { ...record.s3, object: { ...record.s3.object, ...object } } }] };
  };
  const ofEventBridge = (object: object, reason = 'PutObject') => {
    const event = eventBridge('a');
    return { ...event, detail: { ...event.detail, reason, object: { ...event.detail.object, ...object } } };
  };
  const contentIn = (payload: unknown) => readS3Event(payload).changes.map(({ content }) => content);

  it('by the ETag and size of both formats alike', () => {
    const content = `${etag} 7`;
    expect(contentIn(ofNotification({ eTag: etag, size: 7 }))).toEqual([content]);
    expect(contentIn(ofNotification({ eTag: etag, size: 7 }, 'ObjectCreated:Post'))).toEqual([content]);
    expect(contentIn(ofEventBridge({ etag: `"${etag.toUpperCase()}"`, size: 7 }))).toEqual([content]);
  });

  it.each([
    [
      'an upload in parts',
      ofNotification({ eTag: `${etag}-2`, size: 7 }, 'ObjectCreated:CompleteMultipartUpload'),
    ],
    [
      'an upload in parts by EventBridge',
      ofEventBridge({ etag: `${etag}-2`, size: 7 }, 'CompleteMultipartUpload'),
    ],
    ['a copy, which may have other metadata', ofNotification({ eTag: etag, size: 7 }, 'ObjectCreated:Copy')],
    ['a copy by EventBridge', ofEventBridge({ etag, size: 7 }, 'CopyObject')],
    ['a delete', ofNotification({ eTag: etag, size: 7 }, 'ObjectRemoved:Delete')],
    ['an event without an ETag', ofNotification({ size: 7 })],
    ['an event without a size', ofEventBridge({ etag })],
    ['another ETag', ofEventBridge({ etag: 'abc', size: 7 })],
  ])('not by %s', (_, payload) => {
    expect(contentIn(payload)).toEqual([undefined]);
  });
});

describe('what files of an object show from a change on', () => {
  const etag = '0cc175b9c0f1b6a831c399e269772661-2';
  const sinceMs = Date.parse(eventTime);
  const recordOf = (eventName: string, object: object) => {
    const { s3, ...record } = notification('a.html', eventName, '01');
    return byNotification({ ...record, s3: { ...s3, object: { ...s3.object, ...object } } });
  };

  it.each([
    ['is the ETag of the event', recordOf('ObjectCreated:Put', { eTag: etag }), { etag }],
    ['is the ETag without its quotes', recordOf('ObjectCreated:Copy', { eTag: `"${etag}"` }), { etag }],
    ['is unknown without an ETag', recordOf('ObjectCreated:Put', {}), {}],
    ['is nothing after a delete', recordOf('ObjectRemoved:Delete', { eTag: etag }), { gone: true }],
    [
      'is unknown after a version was removed: it may have been the current one',
      recordOf('ObjectRemoved:Delete', { eTag: etag, versionId: 'v1' }),
      {},
    ],
  ])('%s', (_, payload, expected) => {
    const shows = readS3Event(payload).changes.map((each) => each.shows);
    expect(shows).toEqual([{ ...expected, sinceMs, sequencer: '01' }]);
  });
});
