import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentful } from '../../functions/sources/vendors/contentful.ts';
import { standardWebhooks } from '../../functions/sources/vendors/standard-webhooks.ts';
import type { WebhookRequest, WebhookSource } from '../../functions/sources/webhook-source.ts';
import {
  contentfulSecret,
  signContentful,
  signStandardWebhook,
  standardWebhooksSecret,
} from '../../infra/cli/webhooks/signing.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';

const testNowMs = Date.UTC(2026, 0, 1);
const sitePath = '/webhooks/site?a=1';
/** Long enough that no body made at random is the same. */
const sampleBody = Buffer.from('{"type":"entry.published","data":{}}');
const runs = { numRuns: 500 };

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const publicKeySecret = `whpk_${publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')}`;

interface Scheme {
  readonly title: string;
  readonly source: WebhookSource;
  readonly secrets: readonly string[];
  readonly sign: (body: Uint8Array) => Record<string, string>;
  /** The headers that the signature covers, and the one that holds it. */
  readonly covered: readonly string[];
}

const schemes: readonly Scheme[] = [
  {
    title: 'Standard Webhooks, v1',
    source: standardWebhooks,
    secrets: [standardWebhooksSecret],
    sign: (body) => signStandardWebhook({ body, nowMs: testNowMs }),
    covered: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  },
  {
    title: 'Standard Webhooks, v1a',
    source: standardWebhooks,
    secrets: [publicKeySecret],
    sign: (body) => signStandardWebhook({ body, nowMs: testNowMs, secret: privateKey }),
    covered: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
  },
  {
    title: 'Svix',
    source: standardWebhooks,
    secrets: [standardWebhooksSecret],
    sign: (body) => signStandardWebhook({ body, nowMs: testNowMs, family: 'svix' }),
    covered: ['svix-id', 'svix-timestamp', 'svix-signature'],
  },
  {
    title: 'Contentful',
    source: contentful,
    secrets: [contentfulSecret],
    sign: (body) => signContentful({ body, nowMs: testNowMs, path: sitePath }),
    covered: [
      'content-type',
      'x-contentful-topic',
      'x-contentful-webhook-name',
      'x-contentful-timestamp',
      'x-contentful-signed-headers',
      'x-contentful-signature',
    ],
  },
];

const anyBody = fc.uint8Array({ minLength: 1, maxLength: 300 });
/** A place in something of unknown length, and another value for what stands there. */
const anyFlip = fc.record({
  at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  mask: fc.integer({ min: 1, max: 255 }),
});
type Flip = { readonly at: number; readonly mask: number };

function flipText(text: string, { at, mask }: Flip): string {
  const place = Math.floor(at * text.length);
  const flipped = String.fromCharCode(text.charCodeAt(place) ^ mask);
  return text.slice(0, place) + flipped + text.slice(place + 1);
}

function flipBytes(bytes: Uint8Array, { at, mask }: Flip): Uint8Array {
  const place = Math.floor(at * bytes.length);
  return bytes.map((byte, index) => (index === place ? byte ^ mask : byte));
}

describe.each(schemes)('$title', ({ source, secrets, sign, covered }) => {
  const requestOf = (body: Uint8Array, headers = sign(body)): WebhookRequest => {
    return { method: 'POST', path: sitePath, headers, body };
  };
  const isVerified = (request: WebhookRequest) => source.verify(request, secrets, testNowMs, {}).verified;

  it('verifies any body as it was signed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        expect(isVerified(requestOf(body))).toBe(true);
      }),
      runs,
    );
  });

  it('refuses a body with any byte changed, added or left out', () => {
    fc.assert(
      fc.property(anyBody, anyFlip, (body, flip) => {
        const headers = sign(body);
        expect(isVerified(requestOf(flipBytes(body, flip), headers))).toBe(false);
        expect(isVerified(requestOf(Buffer.concat([body, Buffer.of(flip.mask)]), headers))).toBe(false);
        expect(isVerified(requestOf(body.subarray(1), headers))).toBe(false);
      }),
      runs,
    );
  });

  it('refuses any character changed in the signature or in a header that it covers', () => {
    fc.assert(
      fc.property(anyBody, fc.constantFrom(...covered), anyFlip, (body, name, flip) => {
        const headers = sign(body);
        const tampered = { ...headers, [name]: flipText(headers[name] ?? '', flip) };
        expect(isVerified(requestOf(body, tampered))).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a request without one of those headers', () => {
    for (const name of covered) {
      const body = Buffer.from('{}');
      const headers = Object.fromEntries(Object.entries(sign(body)).filter(([key]) => key !== name));
      expect(isVerified(requestOf(body, headers))).toBe(false);
    }
  });

  it('refuses the signature of any other body', () => {
    fc.assert(
      fc.property(anyBody, anyBody, (signedBody, body) => {
        fc.pre(Buffer.compare(signedBody, body) !== 0);
        expect(isVerified(requestOf(body, sign(signedBody)))).toBe(false);
      }),
      runs,
    );
  });

  it('gives a verdict without a secret in it on whatever the headers hold', () => {
    const anyText = fc.oneof(
      fc.string({ unit: anyCodePoint, maxLength: 200 }),
      fc.constantFrom('', ' ', ',', 'v1,', 'v1a,', '9'.repeat(400), '\ud800', 'a,'.repeat(2000)),
      fc.constantFrom(...Object.values(sign(sampleBody)), ...covered),
    );
    const anyHeaders = fc.dictionary(fc.oneof(fc.constantFrom(...covered), fc.string()), anyText);
    fc.assert(
      fc.property(anyHeaders, anyText, anyBody, (headers, path, body) => {
        const mixed = { ...sign(sampleBody), ...headers };
        for (const request of [requestOf(body, headers), { ...requestOf(body, mixed), path }]) {
          const verdict = source.verify(request, secrets, testNowMs, {});
          if (verdict.verified) throw new Error('a request that nobody signed was verified');
          const hidden = [...secrets, sign(sampleBody)[covered.at(-1) ?? ''] ?? ''];
          for (const text of hidden) expect(verdict.reason).not.toContain(text);
        }
      }),
      runs,
    );
  });
});

describe('Contentful', () => {
  it('refuses any character changed in the method or the path', () => {
    const body = Buffer.from('{}');
    const headers = signContentful({ body, nowMs: testNowMs, path: sitePath });
    fc.assert(
      fc.property(fc.constantFrom('method', 'path'), anyFlip, (part, flip) => {
        const request = { method: 'POST', path: sitePath, headers, body };
        const tampered = { ...request, [part]: flipText(request[part as 'method' | 'path'], flip) };
        expect(contentful.verify(tampered, [contentfulSecret], testNowMs, {}).verified).toBe(false);
      }),
      runs,
    );
  });
});
