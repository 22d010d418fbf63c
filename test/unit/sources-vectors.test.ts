import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findSource } from '../../functions/sources/registry.ts';
import { readS3Event } from '../../functions/sources/s3.ts';

interface CmsVector {
  readonly provider: string;
  readonly case: string;
  readonly secret: string | null;
  readonly public_key?: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly now_ms: number;
  readonly valid: boolean;
}

interface AwsFixture {
  readonly name: string;
  readonly event: unknown;
  readonly expect: { readonly action: string; readonly bucket?: string; readonly key?: string };
}

const SOURCE_OF_PROVIDER: Readonly<Record<string, string>> = { svix: 'standard-webhooks' };

function load<T>(file: string): readonly T[] {
  return JSON.parse(readFileSync(new URL(`../vectors/${file}`, import.meta.url), 'utf8'));
}

describe('a signature vector gets its stated verdict at its own time', () => {
  const vectors = load<CmsVector>('cms-vectors.json');

  it('with none left out', () => {
    expect(vectors).toHaveLength(19);
    expect(vectors.filter(({ valid }) => valid)).toHaveLength(7);
  });

  it.each(vectors.map((vector) => ({ title: `${vector.provider}: ${vector.case}`, vector })))(
    '$title',
    ({ vector }) => {
      const source = findSource(SOURCE_OF_PROVIDER[vector.provider] ?? vector.provider);
      const request = { ...vector, body: Buffer.from(vector.body) };
      const secret = vector.secret ?? vector.public_key ?? '';
      expect(source?.verify(request, [secret], vector.now_ms).verified).toBe(vector.valid);
    },
  );
});

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
