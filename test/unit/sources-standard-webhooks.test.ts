import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { standardWebhooks } from '../../functions/sources/vendors/standard-webhooks.ts';
import type { Reading, VerificationResult } from '../../functions/sources/webhook-source.ts';
import { standardWebhooksSecret as SECRET, signStandardWebhook } from '../../infra/cli/webhooks/signing.ts';

const testNowMs = Date.UTC(2026, 0, 1);
const otherSecret = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
const sampleBody = JSON.stringify({ type: 'entry.published', data: { id: 'e1' } });

function requestWith(headers: Record<string, string>, body: string | Uint8Array = sampleBody) {
  return { method: 'POST', path: '/webhooks/standard-webhooks', headers, body: Buffer.from(body) };
}

function verify(headers: Record<string, string>, secrets: readonly string[] = [SECRET]): VerificationResult {
  return standardWebhooks.verify(requestWith(headers), secrets, testNowMs, {});
}

function read(payload: unknown, headers = signStandardWebhook({ body: '', nowMs: testNowMs })): Reading {
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return standardWebhooks.read(requestWith(headers, body), {
    webhook: 'site',
    nowMs: testNowMs,
    options: {},
  });
}

function changeOf(payload: unknown) {
  const reading = read(payload);
  if (reading.kind !== 'changes') throw new Error(`no changes but ${JSON.stringify(reading)}`);
  expect(reading.changes).toHaveLength(1);
  return reading.changes[0];
}

describe('a request by Standard Webhooks is verified', () => {
  const signed = signStandardWebhook({ body: sampleBody, nowMs: testNowMs });

  it.each([
    ['by its secret', [SECRET]],
    ['by its secret without the prefix', [SECRET.slice('whsec_'.length)]],
    ['by its secret without the padding', [SECRET.replace(/=+$/, '')]],
    ['by the new secret during a rotation', [otherSecret, SECRET]],
    ['by the old secret during a rotation', [SECRET, otherSecret]],
    ['next to a secret that is invalid', ['', 'whsec_', 'not base64!', SECRET]],
  ])('%s', (_, secrets) => {
    expect(verify(signed, secrets)).toMatchObject({ verified: true });
  });

  it('under the header names of Svix', () => {
    expect(verify(signStandardWebhook({ body: sampleBody, nowMs: testNowMs, family: 'svix' }))).toMatchObject(
      {
        verified: true,
      },
    );
  });

  it('with one good signature among several', () => {
    const others = 'v1,AAAA v2,BBBB v1a,CCCC';
    const signature = `${others} ${signed['webhook-signature']}`;
    expect(verify({ ...signed, 'webhook-signature': signature })).toMatchObject({ verified: true });
  });

  it('by an ed25519 key, next to a shared secret', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
    const headers = signStandardWebhook({ body: sampleBody, nowMs: testNowMs, secret: privateKey });
    expect(verify(headers, [SECRET, `whpk_${raw}`])).toMatchObject({ verified: true });
    expect(verify(headers, [SECRET])).toEqual({ verified: false, reason: 'no signature matches' });
    expect(verify(signed, [`whpk_${raw}`])).toEqual({ verified: false, reason: 'no signature matches' });
  });

  it.each([
    [-300_000, true],
    [-300_001, false],
    [300_000, true],
    [300_001, false],
  ])('%i ms from now: %s', (offsetMs, verified) => {
    expect(standardWebhooks.verify(requestWith(signed), [SECRET], testNowMs + offsetMs, {}).verified).toBe(
      verified,
    );
  });
});

describe('a request by Standard Webhooks is refused', () => {
  const signed = signStandardWebhook({ body: sampleBody, nowMs: testNowMs });
  const signature = signed['webhook-signature'] ?? '';
  const base64 = signature.slice('v1,'.length);

  it.each([
    ['without an id', { 'webhook-id': '' }, 'the header webhook-id is missing'],
    ['without a timestamp', { 'webhook-timestamp': '' }, 'the header webhook-timestamp is missing'],
    ['with an empty signature', { 'webhook-signature': '' }, 'the header webhook-signature is missing'],
    [
      'with a timestamp sent twice',
      { 'webhook-timestamp': '1767225600,1767225600' },
      'the header webhook-timestamp is not a Unix timestamp in seconds',
    ],
    ['with an id sent twice', { 'webhook-id': 'msg_1,msg_1' }, 'no signature matches'],
    [
      'with a signature sent twice',
      { 'webhook-signature': `${signature},${signature}` },
      'no signature matches',
    ],
    ['with the bare signature', { 'webhook-signature': base64 }, 'no signature matches'],
    ['with the prefix alone', { 'webhook-signature': 'v1,' }, 'no signature matches'],
    ['with the signature under v1a', { 'webhook-signature': `v1a,${base64}` }, 'no signature matches'],
    ['with the signature under v2', { 'webhook-signature': `v2,${base64}` }, 'no signature matches'],
    ['with the prefix in capitals', { 'webhook-signature': `V1,${base64}` }, 'no signature matches'],
    ['with blanks for a signature', { 'webhook-signature': '   ' }, 'no signature matches'],
    ['with a signature beyond ASCII', { 'webhook-signature': 'v1,é\u0000🎉\ud800' }, 'no signature matches'],
    ['with a huge signature', { 'webhook-signature': `v1,${'A'.repeat(1_000_000)}` }, 'no signature matches'],
    [
      'with too many signatures',
      { 'webhook-signature': `${'v1,A '.repeat(20)}${signature}` },
      'the header webhook-signature holds more than 20 signatures',
    ],
  ])('%s', (_, headers, reason) => {
    expect(verify({ ...signed, ...headers })).toEqual({ verified: false, reason });
  });

  it('without any header', () => {
    expect(verify({})).toEqual({ verified: false, reason: 'the header webhook-id is missing' });
  });

  it('with headers of both spellings mixed', () => {
    const { 'webhook-id': id = '', ...rest } = signed;
    expect(verify({ ...rest, 'svix-id': id })).toEqual({
      verified: false,
      reason: 'the header webhook-id is missing',
    });
  });

  it.each([
    ['no secret', []],
    ['an empty secret', ['']],
    ['a prefix alone', ['whsec_']],
    ['a private key', ['whsk_AAAA']],
    ['a public key that is too short', ['whpk_AAAA']],
  ])('for want of a usable secret: %s', (_, secrets) => {
    expect(verify(signed, secrets)).toEqual({
      verified: false,
      reason: 'no secret has the form whsec_ or whpk_ and base64',
    });
  });

  it('with a signature made with an empty key', () => {
    const forged = signStandardWebhook({ body: sampleBody, nowMs: testNowMs, secret: 'whsec_' });
    expect(verify(forged, ['whsec_', '', SECRET]).verified).toBe(false);
  });

  it('with a shared-secret signature made from the public key, which anybody may know', () => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
    const forged = signStandardWebhook({ body: sampleBody, nowMs: testNowMs, secret: `whsec_${raw}` });
    expect(verify(forged, [`whpk_${raw}`]).verified).toBe(false);
  });
});

describe('an event by Standard Webhooks is read', () => {
  it('as a put with all that the payload tells', () => {
    const payload = {
      type: 'post.updated',
      timestamp: '2025-12-31T23:59:58.123456Z',
      data: {
        id: 17,
        type: 'blogPost',
        locale: 'de',
        slug: 'hallo',
        url: 'https://www.example.com/de/hallo',
        seo: { path: '/de/hallo', noindex: false },
        tags: ['news', 'cdn'],
        draft: null,
      },
    };
    expect(changeOf(payload)).toEqual({
      source: 'standard-webhooks',
      webhook: 'site',
      action: 'put',
      id: '17',
      type: 'blogPost',
      locale: 'de',
      occurredAt: '2025-12-31T23:59:58.123456Z',
      fields: {
        slug: 'hallo',
        url: 'https://www.example.com/de/hallo',
        'fields.id': 17,
        'fields.type': 'blogPost',
        'fields.locale': 'de',
        'fields.slug': 'hallo',
        'fields.url': 'https://www.example.com/de/hallo',
        'fields.seo.path': '/de/hallo',
        'fields.seo.noindex': false,
        'fields.tags.0': 'news',
        'fields.tags.1': 'cdn',
      },
    });
  });

  it('with what the delivery tells where the payload is silent', () => {
    expect(changeOf({ type: 'entry.deleted', data: {} })).toEqual({
      source: 'standard-webhooks',
      webhook: 'site',
      action: 'delete',
      id: 'msg_1',
      type: 'entry.deleted',
      occurredAt: '2026-01-01T00:00:00.000Z',
      fields: {},
      skipMemory: true,
      isTimeOfDelivery: true,
    });
  });

  it('with the id and the time of a delivery by Svix', () => {
    const headers = signStandardWebhook({
      body: '',
      nowMs: testNowMs - 5000,
      id: 'msg_svix',
      family: 'svix',
    });
    expect(read({ type: 'entry.published', data: {} }, headers)).toMatchObject({
      changes: [{ id: 'msg_svix', occurredAt: '2025-12-31T23:59:55.000Z' }],
    });
  });

  it.each([
    [{ type: 'article', contentType: 'other' }, 'article'],
    [{ contentType: 'article' }, 'article'],
    [{ type: 5, contentType: '' }, 'entry.published'],
  ])('with the type of %j', (data, type) => {
    expect(changeOf({ type: 'entry.published', data })?.type).toBe(type);
  });

  it.each(['yesterday', '2026-13-01T00:00:00Z', '2026-01-01 00:00', 1767225600, null, ''])(
    'with the time of the delivery instead of the timestamp %j',
    (timestamp) => {
      expect(changeOf({ type: 'entry.published', timestamp, data: {} })?.occurredAt).toBe(
        '2026-01-01T00:00:00.000Z',
      );
    },
  );

  it.each([
    'entry.deleted',
    'entry.delete',
    'entry.unpublished',
    'entry.unpublish',
    'entry.archived',
    'entry.removed',
    'entry.trashed',
    'entry.expired',
    'entry.withdrawn',
    'blog_post.soft-deleted',
    'entry:Deleted',
    'entryDeleted',
    'ENTRY_DELETED',
    'com.example.content.destroyed',
  ])('%s as a delete', (type) => {
    expect(changeOf({ type, data: {} })?.action).toBe('delete');
  });

  it.each([
    'entry.published',
    'entry.created',
    'entry.unarchived',
    'entry.undeleted',
    'deleted.restored',
    'entry.deleted.undone',
    'published',
    '...',
    'é',
  ])('%s as a put', (type) => {
    expect(changeOf({ type, data: {} })?.action).toBe('put');
  });

  it.each(['ping', 'test', 'webhook.ping', 'endpoint.TEST'])('%s as a test with nothing to purge', (type) => {
    const nothing = { kind: 'ignored', reason: 'a test event' };
    expect(read({ type, data: {} })).toEqual(nothing);
    expect(read({ type })).toEqual(nothing);
    expect(read({ type, data: null })).toEqual(nothing);
  });

  it('as it is although its keys look like parts of an object', () => {
    const data = JSON.parse('{"__proto__":{"slug":"x"},"constructor":"y","id":"e1"}');
    expect(changeOf({ type: 'entry.published', data })?.fields).toEqual(
      Object.assign(Object.create(null), {
        'fields.__proto__.slug': 'x',
        'fields.constructor': 'y',
        'fields.id': 'e1',
      }),
    );
  });
});

describe('a body that is not an event of Standard Webhooks is malformed', () => {
  it.each([
    ['', 'Expected the body to be JSON, got nothing'],
    ['type=entry.published', 'Expected the body to be JSON, got 20 characters that are not'],
    ['[1,2]', 'Expected the body to be a JSON object, got a list of 2'],
    ['{}', 'Expected `type` to be a string such as "entry.published", got nothing'],
    ['{"type":7,"data":{}}', 'Expected `type` to be a string such as "entry.published", got 7'],
    ['{"type":"","data":{}}', 'Expected `type` to be a string such as "entry.published", got ""'],
    ['{"type":"a"}', 'Expected `data` to be an object, got nothing'],
    ['{"type":"a","data":null}', 'Expected `data` to be an object, got null'],
    ['{"type":"a","data":[{}]}', 'Expected `data` to be an object, got a list of 1'],
    [
      '{"__proto__":{"type":"a","data":{}}}',
      'Expected `type` to be a string such as "entry.published", got nothing',
    ],
  ])('%j', (body, message) => {
    expect(read(body)).toEqual({ kind: 'malformed', message });
  });
});
