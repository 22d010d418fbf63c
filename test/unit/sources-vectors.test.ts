import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';
import { contentstackTestKey } from '../../infra/cli/webhooks/contentstack-test-key.ts';
import {
  type CmsVector,
  isUnsignedPing,
  ownStack,
  readCmsVectors,
  readRetiredVectors,
  secretOfVector,
  sourceOfVector,
} from '../helpers/cms-vectors.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

interface AwsFixture {
  readonly name: string;
  readonly event: unknown;
  readonly expect: { readonly action: string; readonly bucket?: string; readonly key?: string };
}

function load<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
}

describe('a signature vector gets its stated verdict through the receiving use case, at its own time', () => {
  const vectors = readCmsVectors();

  it('with none left out', () => {
    expect(vectors).toHaveLength(75);
    expect(vectors.filter(({ valid }) => valid)).toHaveLength(31);
  });

  it.each(vectors.map((vector) => ({ title: `${vector.provider}: ${vector.case}`, vector })))(
    '$title',
    async ({ vector }) => {
      const { statusCode, body } = await receiveVector(vector);
      if (isUnsignedPing(vector)) {
        expect([statusCode, body]).toEqual([200, { queued: [], reason: 'a ping' }]);
      } else if (!vector.valid) {
        expect(statusCode).toBe(401);
      } else {
        // What is signed need not be what the source sends: GitHub's own vector is a greeting.
        expect(statusCode).toBe(isJson(vector.body) ? 200 : 400);
      }
    },
  );
});

describe('a signature of a retired kind is refused', () => {
  // The wrong token of Pro is the signature of the body, which is what the free edition sends.
  const vectors = readRetiredVectors().filter((vector) => vector.case !== 'wrong-token');

  it('with none left out', () => {
    expect(vectors).toHaveLength(11);
  });

  it.each(vectors.map((vector) => ({ title: `${vector.provider}: ${vector.case}`, vector })))(
    '$title',
    async ({ vector }) => {
      const { statusCode } = await receiveVector(vector);
      expect(statusCode).toBe(vector.provider === 'sns-https' ? 404 : 401);
    },
  );
});

function receiveVector(vector: CmsVector) {
  const name = vector.path.split('/').at(-1)?.split('?')[0] ?? '';
  const { ports } = createWebhookWorld({
    webhooks: {
      [name]: { source: sourceOfVector(vector), secretIds: ['secret'], options: { stack: ownStack } },
    },
    secrets: { secret: secretOfVector(vector) },
    nowMs: vector.now_ms,
  });
  return receiveWebhook(name, { ...vector, body: Buffer.from(vector.body) }, ports);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('a fixture of an S3 event gives its stated change', () => {
  const fixtures = load<AwsFixture>('aws-events.json');
  const ACTIONS: Readonly<Record<string, string>> = { update: 'put', delete: 'delete' };

  it('with none left out', () => {
    expect(fixtures).toHaveLength(8);
  });

  it.each(fixtures)('$name', ({ event, expect: expected }) => {
    const { changes, ignored, notUnderstood } = readS3Event(event);
    expect(notUnderstood).toEqual([]);
    if (expected.action === 'ignore') {
      expect(changes).toEqual([]);
      expect(ignored).toHaveLength(1);
      return;
    }
    expect(ignored).toEqual([]);
    expect(changes.map(({ action, bucket, key }) => ({ action, bucket, key }))).toEqual([
      { action: ACTIONS[expected.action], bucket: expected.bucket, key: expected.key },
    ]);
  });
});

it('the key for tools that sign as Contentstack does is that of the local stack', () => {
  const pem = readFileSync('test/vectors/contentstack-test-key.pem', 'utf8');
  expect(pem.trim()).toBe(contentstackTestKey.private.trim());
});
