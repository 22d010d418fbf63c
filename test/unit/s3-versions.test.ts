import { describe, expect, it } from 'vitest';
import { compileExplanations, compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { s3EventOf } from '../../functions/sources/s3/object-event.ts';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';

const time = '2026-01-01T00:00:00.000Z';

/** A removal as both formats tell it: by a notification, and by EventBridge. */
function removals(by: 'request' | 'lifecycle', what: 'marker' | 'for good', version: string | undefined) {
  const family = by === 'request' ? 'ObjectRemoved' : 'LifecycleExpiration';
  const eventName = `${family}:${what === 'marker' ? 'DeleteMarkerCreated' : 'Delete'}`;
  const bucket = { name: 'site' };
  const record = { bucket, object: { key: 'a.html', ...(version !== undefined && { versionId: version }) } };
  const detail = {
    bucket,
    object: { key: 'a.html', ...(version !== undefined && { 'version-id': version }) },
    reason: by === 'request' ? 'DeleteObject' : 'Lifecycle Expiration',
    'deletion-type': what === 'marker' ? 'Delete Marker Created' : 'Permanently Deleted',
  };
  return [
    { Records: [{ eventSource: 'aws:s3', eventTime: time, eventName, s3: record }] },
    { source: 'aws.s3', 'detail-type': 'Object Deleted', time, detail },
  ];
}

const file: Rule = { match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } };

describe('only what visitors see counts', () => {
  it.each([
    ['a current version that expires', removals('lifecycle', 'marker', 'v2'), 'delete'],
    [
      'an object of a bucket without versions that expires',
      removals('lifecycle', 'for good', undefined),
      'delete',
    ],
    ['the same from a store that sends an empty version', removals('lifecycle', 'for good', ''), 'delete'],
    ['a former version, or a marker, that expires', removals('lifecycle', 'for good', 'v1'), undefined],
    ['an object that is removed', removals('request', 'marker', 'v2'), 'delete'],
    [
      'an object of a bucket without versions that is removed',
      removals('request', 'for good', undefined),
      'delete',
    ],
    [
      'a version that is removed by request, which may be the current one',
      removals('request', 'for good', 'v1'),
      'invalidate',
    ],
  ])('%s', (_, events, action) => {
    for (const event of events) {
      const { changes, ignored, notUnderstood } = readS3Event(event);
      const { map } = compileRules({ target: 'production', rules: [file] });
      const actions = changes.flatMap((change) => map(change).entries.map((entry) => entry.action));
      expect(actions).toEqual(action === undefined ? [] : [action]);
      expect(notUnderstood).toEqual([]);
      expect(ignored).toHaveLength(action === undefined ? 1 : 0);
    }
  });

  it('a removed version is a put or a delete to the rules, which nobody can tell', () => {
    const rules = (['put', 'delete'] as const).map((action): Rule => {
      return { name: action, match: { source: 's3', action }, purge: file.purge };
    });
    const ruleSet = compileRules({ target: 'production', rules });
    const explain = compileExplanations({ target: 'production', rules });
    for (const event of removals('request', 'for good', 'v1')) {
      const [change] = readS3Event(event).changes;
      expect(change && ruleSet.map(change).rules).toEqual(['put', 'delete']);
      expect(change && explain(change).map(({ matched }) => matched)).toEqual([true, true]);
    }
  });

  it('comes back from the dead letter queue as it was', () => {
    const all = [...removals('request', 'for good', 'v1'), ...removals('request', 'marker', 'v2')];
    for (const event of all) {
      const { changes } = readS3Event(event);
      expect(changes.map((change) => readS3Event(s3EventOf(change)).changes)).toEqual(
        changes.map((each) => [each]),
      );
    }
  });
});

describe('an API call that CloudTrail recorded', () => {
  const call = (eventName: string, more = {}) => ({
    source: 'aws.s3',
    'detail-type': 'AWS API Call via CloudTrail',
    time,
    detail: {
      eventSource: 's3.amazonaws.com',
      eventName,
      requestParameters: { bucketName: 'site', key: 'a.html' },
      ...more,
    },
  });

  it.each(['PutObject', 'CopyObject', 'CompleteMultipartUpload', 'DeleteObject', 'DeleteObjects'])(
    '%s is not understood, and said to be one',
    (name) => {
      const { changes, notUnderstood } = readS3Event(call(name));
      expect(changes).toEqual([]);
      expect(notUnderstood).toEqual([
        {
          name: 'AWS API Call via CloudTrail',
          reason: expect.stringMatching(
            /^an API call that CloudTrail recorded, .* switch on the EventBridge events/,
          ),
          text: JSON.stringify(call(name)),
        },
      ]);
    },
  );

  it.each([call('GetObject'), call('PutBucketTagging'), call('PutObject', { errorCode: 'AccessDenied' })])(
    'is ignored where it changes no object: %j',
    (event) => {
      const { ignored, notUnderstood } = readS3Event(event);
      expect([ignored.length, notUnderstood.length]).toEqual([1, 0]);
    },
  );
});
