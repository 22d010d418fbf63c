import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ObjectWrite } from '../../local/aws/emulators/object-writes.ts';
import { eventBridgeEvent, notificationEvent } from '../../local/aws/s3-events/event-forms.ts';

interface Vector {
  readonly name: string;
  readonly event: {
    readonly detail: Record<string, unknown>;
    readonly Records: readonly Record<string, unknown>[];
  };
}
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../vectors/aws-events.json', import.meta.url), 'utf8'),
);

function vector(name: string): Vector['event'] {
  const found = vectors.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`No vector ${name}`);
  return found.event;
}

function write(overrides: Partial<ObjectWrite> = {}): ObjectWrite {
  return {
    operation: 'PutObject',
    bucket: 'site',
    key: 'blog/hello world+café.html',
    sizeBytes: 5,
    etag: 'b1',
    sequencer: '001A208D1034C00001',
    atMs: Date.UTC(2026, 0, 1),
    requestId: 'N4N7GDK58NMKJ12R',
    sourceIp: '127.0.0.1',
    ...overrides,
  };
}

/** The names of all fields, nested ones with their path; a version only exists in a versioned bucket. */
function fieldNames(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value)
    .filter(([key]) => key !== 'version-id')
    .flatMap(([key, inner]) => fieldNames(inner, `${path}.${key}`))
    .sort();
}

describe('eventBridgeEvent', () => {
  it('has the form of a real Object Created', () => {
    const event = eventBridgeEvent(write(), 'us-west-2');
    expect(fieldNames(event)).toEqual(fieldNames(vector('eventbridge-created')));
    expect(event).toMatchObject({
      'detail-type': 'Object Created',
      source: 'aws.s3',
      time: '2026-01-01T00:00:00Z',
      region: 'us-west-2',
      resources: ['arn:aws:s3:::site'],
      detail: {
        bucket: { name: 'site' },
        object: { key: 'blog/hello world+café.html', size: 5, etag: 'b1' },
      },
    });
  });

  it('has what a real Object Deleted has, and no size', () => {
    const event = eventBridgeEvent(write({ operation: 'DeleteObject' }), 'us-west-2');
    const real = fieldNames(vector('eventbridge-deleted'));
    expect(fieldNames(event)).toEqual([...real, '.detail.source-ip-address'].sort());
    expect(event).toMatchObject({
      'detail-type': 'Object Deleted',
      detail: { reason: 'DeleteObject', 'deletion-type': 'Permanently Deleted' },
    });
  });
});

describe('notificationEvent', () => {
  const record = (overrides: Partial<ObjectWrite>) =>
    (notificationEvent(write(overrides), 'us-west-2', 'cdn') as Vector['event']).Records[0];

  it('has every field of a real record', () => {
    const real = fieldNames(vector('s3-notification-put').Records[0]);
    expect(fieldNames(record({}))).toEqual(expect.arrayContaining(real));
  });

  it.each([
    ['blog/hello world+café.html', 'blog/hello+world%2Bcaf%C3%A9.html'],
    ["it's (100%).html", 'it%27s+%28100%25%29.html'],
  ])('encodes the key %s as a form does', (key, encoded) => {
    expect(record({ key })).toMatchObject({ s3: { object: { key: encoded } } });
  });

  it.each([
    ['PutObject', 'ObjectCreated:Put'],
    ['POST Object', 'ObjectCreated:Post'],
    ['CopyObject', 'ObjectCreated:Copy'],
    ['CompleteMultipartUpload', 'ObjectCreated:CompleteMultipartUpload'],
    ['DeleteObject', 'ObjectRemoved:Delete'],
  ] as const)('calls %s by its event name', (operation, eventName) => {
    expect(record({ operation })).toMatchObject({ eventName });
  });
});
