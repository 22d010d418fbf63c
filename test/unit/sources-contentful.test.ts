import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { contentful } from '../../functions/sources/vendors/contentful.ts';
import type { Reading, VerificationResult } from '../../functions/sources/webhook-source.ts';
import { contentfulSecret as SECRET, signContentful } from '../../infra/cli/webhooks/signing.ts';

const testNowMs = Date.UTC(2026, 0, 1);
const sitePath = '/webhooks/contentful';
const otherSecret = 'x'.repeat(64);
const sampleBody = '{"sys":{"id":"e1"}}';

interface Overrides {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string | Uint8Array;
  readonly secrets?: readonly string[];
  readonly nowMs?: number;
}

function verify(headers: Record<string, string>, overrides: Overrides = {}): VerificationResult {
  const {
    method = 'POST',
    path = sitePath,
    body = sampleBody,
    secrets = [SECRET],
    nowMs = testNowMs,
  } = overrides;
  return contentful.verify({ method, path, headers, body: Buffer.from(body) }, secrets, nowMs, {});
}

function read(topic: string, payload: unknown): Reading {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const headers = signContentful({ body, nowMs: testNowMs, path: sitePath, topic });
  const request = { method: 'POST', path: sitePath, headers, body: Buffer.from(body) };
  return contentful.read(request, { webhook: 'docs', nowMs: testNowMs + 1000, options: {} });
}

function sysOf(overrides: Record<string, unknown> = {}) {
  return {
    type: 'Entry',
    id: '5KsDBWseXY6QegucYAoacS',
    space: { sys: { type: 'Link', linkType: 'Space', id: 'yadj1kx9rmg0' } },
    environment: { sys: { id: 'master', type: 'Link', linkType: 'Environment' } },
    contentType: { sys: { type: 'Link', linkType: 'ContentType', id: 'blogPost' } },
    revision: 7,
    createdAt: '2025-12-01T00:00:00.000Z',
    updatedAt: '2025-12-31T00:00:00.000Z',
    ...overrides,
  };
}

describe('a request of Contentful is verified', () => {
  const signed = signContentful({ body: sampleBody, nowMs: testNowMs, path: sitePath });

  it.each([
    ['by its secret', [SECRET]],
    ['by the new secret during a rotation', [otherSecret, SECRET]],
    ['by the old secret during a rotation', [SECRET, otherSecret]],
    ['next to a secret that is invalid', ['', 'short', SECRET]],
  ])('%s', (_, secrets) => {
    expect(verify(signed, { secrets })).toMatchObject({ verified: true });
  });

  it.each([
    [-30_000, true],
    [-30_001, false],
    [30_000, true],
    [30_001, false],
  ])('%i ms from now: %s', (offsetMs, verified) => {
    expect(verify(signed, { nowMs: testNowMs + offsetMs }).verified).toBe(verified);
  });

  it('with headers of its own that were not signed', () => {
    expect(verify({ ...signed, 'x-forwarded-for': '192.0.2.1' })).toMatchObject({ verified: true });
  });

  it('although a proxy padded a header', () => {
    expect(verify({ ...signed, 'x-contentful-topic': '  ContentManagement.Entry.publish ' })).toMatchObject({
      verified: true,
    });
  });

  it.each(['/a b/é', '/a%20b', '/a?', '/a?x=1&y=é b', '/a?x=1?y=2'])('at the path %s', (path) => {
    const headers = signContentful({ body: sampleBody, nowMs: testNowMs, path });
    expect(verify(headers, { path })).toMatchObject({ verified: true });
  });

  it('with a body that is not UTF-8', () => {
    const body = Uint8Array.of(0xff, 0xfe, 0x00);
    expect(verify(signContentful({ body, nowMs: testNowMs, path: sitePath }), { body })).toMatchObject({
      verified: true,
    });
  });
});

describe('a request of Contentful is refused', () => {
  const signed = signContentful({ body: sampleBody, nowMs: testNowMs, path: sitePath });
  const signature = signed['x-contentful-signature'] ?? '';
  const names = signed['x-contentful-signed-headers'] ?? '';

  it.each([
    [
      'with an empty signature',
      { 'x-contentful-signature': '' },
      'the header x-contentful-signature is missing',
    ],
    [
      'with a signature in capitals',
      { 'x-contentful-signature': signature.toUpperCase() },
      'the signature does not match',
    ],
    [
      'with a signature sent twice',
      { 'x-contentful-signature': `${signature},${signature}` },
      'the signature does not match',
    ],
    [
      'with the prefix of another scheme',
      { 'x-contentful-signature': `sha256=${signature}` },
      'the signature does not match',
    ],
    [
      'with a signature cut off',
      { 'x-contentful-signature': signature.slice(0, 63) },
      'the signature does not match',
    ],
    [
      'with a signature beyond ASCII',
      { 'x-contentful-signature': 'é🎉\ud800' },
      'the signature does not match',
    ],
    [
      'with a huge signature',
      { 'x-contentful-signature': 'a'.repeat(1_000_000) },
      'the signature does not match',
    ],
    [
      'with a timestamp sent twice',
      { 'x-contentful-timestamp': `${testNowMs},${testNowMs}` },
      'the header x-contentful-timestamp is not a Unix timestamp in milliseconds',
    ],
    [
      'with a timestamp in seconds',
      { 'x-contentful-timestamp': String(testNowMs / 1000) },
      'the request was signed 1765458374.4 s old, at most 30 s is accepted',
    ],
    [
      'with an empty list of signed headers',
      { 'x-contentful-signed-headers': '' },
      'the header x-contentful-signed-headers is not among the signed ones',
    ],
    [
      'with a list that leaves the topic out',
      { 'x-contentful-signed-headers': 'x-contentful-signed-headers,x-contentful-timestamp' },
      'the header x-contentful-topic is not among the signed ones',
    ],
    [
      'with a list that leaves the timestamp out',
      { 'x-contentful-signed-headers': 'x-contentful-signed-headers,x-contentful-topic' },
      'the header x-contentful-timestamp is not among the signed ones',
    ],
    [
      'with a list in another order',
      { 'x-contentful-signed-headers': names.split(',').reverse().join(',') },
      'the signature does not match',
    ],
    [
      'with a list that names a header twice',
      { 'x-contentful-signed-headers': `${names},content-type` },
      'a header is named twice among the signed ones',
    ],
    [
      'with a list that names what every object has',
      { 'x-contentful-signed-headers': `${names},__proto__,constructor` },
      'a header that was signed is missing',
    ],
  ])('%s', (_, headers, reason) => {
    expect(verify({ ...signed, ...headers })).toEqual({ verified: false, reason });
  });

  it('without any header', () => {
    expect(verify({})).toEqual({
      verified: false,
      reason: 'the header x-contentful-signature is missing',
    });
  });

  it('if a header was left out of the list and of the request', () => {
    const { 'x-contentful-webhook-name': _, ...rest } = signed;
    expect(verify(rest)).toEqual({ verified: false, reason: 'a header that was signed is missing' });
    const list = names.replace(',x-contentful-webhook-name', '');
    expect(verify({ ...rest, 'x-contentful-signed-headers': list }).verified).toBe(false);
  });

  it('if it was signed without its topic, which then could be anything', () => {
    const list = 'x-contentful-signed-headers,x-contentful-timestamp';
    const canonical = `POST\n${sitePath}\nx-contentful-signed-headers:${list};x-contentful-timestamp:${testNowMs}\n${sampleBody}`;
    const headers = {
      'x-contentful-topic': 'ContentManagement.Entry.publish',
      'x-contentful-timestamp': String(testNowMs),
      'x-contentful-signed-headers': list,
      'x-contentful-signature': createHmac('sha256', SECRET).update(canonical).digest('hex'),
    };
    expect(verify(headers)).toEqual({
      verified: false,
      reason: 'the header x-contentful-topic is not among the signed ones',
    });
  });

  it.each([
    ['another method', { method: 'PUT' }],
    ['another path', { path: '/contentful' }],
    ['a query string', { path: `${sitePath}?a=1` }],
    ['another body', { body: `${sampleBody} ` }],
    ['another secret', { secrets: [otherSecret] }],
  ])('for %s', (_, overrides) => {
    expect(verify(signed, overrides)).toEqual({ verified: false, reason: 'the signature does not match' });
  });

  it('at a path that is not Unicode', () => {
    expect(verify(signed, { path: '/\ud800' })).toEqual({
      verified: false,
      reason: 'the path is not well-formed Unicode',
    });
  });

  it.each([
    ['no secret', []],
    ['an empty secret', ['']],
    ['a secret of another length', [SECRET.slice(1), `${SECRET}\n`]],
  ])('for want of a usable secret: %s', (_, secrets) => {
    expect(verify(signed, { secrets })).toEqual({
      verified: false,
      reason: 'no secret has the 64 characters of a signing secret',
    });
  });
});

describe('an event of Contentful is read', () => {
  it('as one put for each locale of a published entry', () => {
    const payload = {
      metadata: { tags: [] },
      sys: sysOf({ publishedAt: '2025-12-31T12:00:00.000Z' }),
      fields: {
        title: { 'en-US': 'Hello', 'de-DE': 'Hallo' },
        slug: { 'en-US': 'hello-world', 'de-DE': 'hallo-welt' },
        category: { 'en-US': 'news' },
        seo: { 'en-US': { path: '/hello', noindex: false } },
        tags: { 'en-US': ['a', 'b'], 'de-DE': ['c'] },
      },
    };
    const base = {
      source: 'contentful',
      webhook: 'docs',
      action: 'put',
      id: '5KsDBWseXY6QegucYAoacS',
      type: 'blogPost',
      occurredAt: '2025-12-31T12:00:00.000Z',
    };
    const shared = {
      environment: 'master',
      'fields.category': 'news',
      'fields.seo.path': '/hello',
      'fields.seo.noindex': false,
    };
    expect(read('ContentManagement.Entry.publish', payload)).toEqual({
      kind: 'changes',
      isComplete: true,
      changes: [
        {
          ...base,
          locale: 'en-US',
          fields: {
            ...shared,
            slug: 'hello-world',
            'fields.title': 'Hello',
            'fields.slug': 'hello-world',
            'fields.tags.0': 'a',
            'fields.tags.1': 'b',
          },
        },
        {
          ...base,
          locale: 'de-DE',
          fields: {
            ...shared,
            slug: 'hallo-welt',
            'fields.title': 'Hallo',
            'fields.slug': 'hallo-welt',
            'fields.tags.0': 'c',
          },
        },
      ],
    });
  });

  it('without a value where a field has several locales but not this one', () => {
    const fields = { slug: { en: 'a', de: 'b' }, title: { fr: 'c' } };
    const reading = read('ContentManagement.Entry.publish', { sys: sysOf(), fields });
    const slugs =
      reading.kind === 'changes' && reading.changes.map(({ locale, fields }) => [locale, fields.slug]);
    expect(slugs).toEqual([
      ['en', 'a'],
      ['de', 'b'],
      ['fr', undefined],
    ]);
  });

  it.each([
    ['unpublish', 'Entry', 'blogPost'],
    ['delete', 'Entry', 'blogPost'],
    ['unpublish', 'Asset', 'Asset'],
    ['delete', 'Asset', 'Asset'],
  ])('as one delete without a locale: %s of an %s', (event, kind, type) => {
    const sys = sysOf({ type: `Deleted${kind}`, deletedAt: '2025-12-31T18:00:00.000Z' });
    expect(read(`ContentManagement.${kind}.${event}`, { sys })).toEqual({
      kind: 'changes',
      changes: [
        {
          source: 'contentful',
          webhook: 'docs',
          action: 'delete',
          id: '5KsDBWseXY6QegucYAoacS',
          type,
          occurredAt: '2025-12-31T18:00:00.000Z',
          fields: { environment: 'master' },
        },
      ],
    });
  });

  it('as a delete for each locale of an archived entry', () => {
    const sys = sysOf({ archivedAt: '2025-12-31T20:00:00Z' });
    const reading = read('ContentManagement.Entry.archive', { sys, fields: { slug: { en: 'a', de: 'b' } } });
    expect(reading).toMatchObject({
      changes: [
        { action: 'delete', locale: 'en', occurredAt: '2025-12-31T20:00:00Z', fields: { slug: 'a' } },
        { action: 'delete', locale: 'de', occurredAt: '2025-12-31T20:00:00Z', fields: { slug: 'b' } },
      ],
    });
  });

  it('as a put of the type Asset for a published asset', () => {
    const { contentType: _, ...sys } = sysOf({ type: 'Asset' });
    const url = '//images.ctfassets.net/s/a/cat.jpg';
    const fields = { file: { en: { url, details: { size: 5 } } } };
    expect(read('ContentManagement.Asset.publish', { sys, fields })).toMatchObject({
      changes: [{ action: 'put', type: 'Asset', locale: 'en', fields: { 'fields.file.url': url } }],
    });
  });

  it.each([
    [{ updatedAt: undefined }, '2026-01-01T00:00:00.000Z'],
    [{ updatedAt: 'soon' }, '2026-01-01T00:00:00.000Z'],
    [{}, '2025-12-31T00:00:00.000Z'],
  ])('with the best time that it tells: %j', (times, occurredAt) => {
    expect(read('ContentManagement.Entry.publish', { sys: sysOf(times), fields: {} })).toMatchObject({
      changes: [{ occurredAt }],
    });
  });

  it('without a type where a tombstone tells none, and as of master where it tells no environment', () => {
    expect(read('ContentManagement.Entry.delete', { sys: { id: 'e1' } })).toEqual({
      kind: 'changes',
      changes: [
        {
          source: 'contentful',
          webhook: 'docs',
          action: 'delete',
          id: 'e1',
          occurredAt: '2026-01-01T00:00:00.000Z',
          fields: { environment: 'master' },
          isTimeOfDelivery: true,
        },
      ],
    });
  });

  it.each([
    ['ContentManagement.Entry.save', 'Entry.save changes a draft'],
    ['ContentManagement.Entry.auto_save', 'Entry.auto_save changes a draft'],
    ['ContentManagement.Entry.create', 'Entry.create changes a draft'],
    ['ContentManagement.Asset.unarchive', 'Asset.unarchive changes a draft'],
    ['ContentManagement.ContentType.publish', 'ContentType.publish is not about an entry or an asset'],
    ['ContentManagement.Task.create', 'Task.create is not about an entry or an asset'],
  ])('and ignored: %s', (topic, reason) => {
    expect(read(topic, { sys: sysOf(), fields: { slug: { en: 'a' } } })).toEqual({ kind: 'ignored', reason });
  });

  it('and ignored: another environment', () => {
    const sys = sysOf({ environment: { sys: { id: 'staging' } } });
    expect(read('ContentManagement.Entry.publish', { sys, fields: {} })).toEqual({
      kind: 'ignored',
      reason: 'the environment "staging" is not one that visitors see',
    });
  });
});

describe('a request that is not an event of Contentful is malformed', () => {
  it.each([
    [
      'publish',
      'Expected `x-contentful-topic` to be a topic such as "ContentManagement.Entry.publish", got "publish"',
    ],
    ['', 'Expected `x-contentful-topic` to be a topic such as "ContentManagement.Entry.publish", got ""'],
  ])('for its topic %j', (topic, message) => {
    expect(read(topic, {})).toEqual({ kind: 'malformed', message });
  });

  it.each([
    ['', 'Expected the body to be JSON, got nothing'],
    ['{"sys"', 'Expected the body to be JSON, got 6 characters that are not'],
    ['"sys"', 'Expected the body to be a JSON object, got "sys"'],
    ['{"sys":{"id":"a"},"fields":[1]}', 'Expected `fields` to be an object, got a list of 1'],
  ])('for its body %j', (body, message) => {
    expect(read('ContentManagement.Entry.publish', body)).toEqual({ kind: 'malformed', message });
  });
});
