import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxBodyBytes, receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { webhookSources } from '../../functions/sources/registry.ts';
import { deliveryLimits } from '../../functions/sources/toolkit/limits.ts';
import type { WebhookRequest } from '../../functions/sources/webhook-source.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';
import {
  type CmsVector,
  ownStack,
  readCmsVectors,
  secretOfVector,
  sourceOfVector,
} from '../helpers/cms-vectors.ts';
import { createWebhookWorld, type WebhookWorld } from '../helpers/webhook-fixture.ts';

/** `npm run test:fuzz` sets a million. */
const cases = Number(process.env.FUZZ_CASES ?? 25_000);
const timeoutMs = 60_000 + cases;
const testNowMs = Date.UTC(2026, 0, 1);

const signatureHeaders: Readonly<Record<string, string>> = {
  'builder-io': 'x-webhook-token',
  contentful: 'x-contentful-signature',
  contentstack: 'x-contentstack-request-signature',
  datocms: 'authorization',
  'directus-flow': 'x-webhook-token',
  'drupal-webhooks': 'x-hub-signature',
  'drupal-webhooks-old': 'x-drupal-webhooks-signature',
  ghost: 'x-ghost-signature',
  github: 'x-hub-signature-256',
  hygraph: 'gcms-signature',
  'kontent-ai': 'x-kontent-ai-signature',
  'kontent-ai-legacy': 'x-kc-signature',
  'payload-hook': 'authorization',
  sanity: 'sanity-webhook-signature',
  shopify: 'x-shopify-hmac-sha256',
  'standard-webhooks': 'webhook-signature',
  storyblok: 'webhook-signature',
  'strapi-v4': 'authorization',
  'strapi-v5': 'authorization',
  svix: 'svix-signature',
  woocommerce: 'x-wc-webhook-signature',
  'wp-webhooks-free': 'x-wp-webhook-signature',
};
/** Senders that sign no body. */
const bodyIsNotSigned: ReadonlySet<string> = new Set([
  'builder-io',
  'datocms',
  'directus-flow',
  'payload-hook',
  'prismic',
  'strapi-v4',
  'strapi-v5',
]);

interface Target {
  readonly vector: CmsVector;
  readonly name: string;
  readonly world: WebhookWorld;
  readonly request: WebhookRequest;
  readonly secret: string;
  /** The header that holds the signature or the secret; Prismic has it in the body. */
  readonly header: string | undefined;
}

const vectors = readCmsVectors();
/** Genuine requests, save for one with several signatures, of which one that is wrong does no harm. */
const targets: readonly Target[] = vectors
  .filter((vector) => vector.valid && !/multi-signature/.test(vector.case))
  .map((vector) => {
    const name = vector.path.split('/').at(-1)?.split('?')[0] ?? '';
    const secret = secretOfVector(vector);
    const source = sourceOfVector(vector);
    const world = createWebhookWorld({
      webhooks: { [name]: { source, secretIds: ['secret'], options: { stack: ownStack } } },
      rules: [{ match: { source }, purge: { fileUrls: ['https://www.example.com/{id}'] } }],
      secrets: { secret },
      nowMs: vector.now_ms,
    });
    const request = { ...vector, body: Buffer.from(vector.body) };
    return { vector, name, world, request, secret, header: signatureHeaders[vector.provider] };
  });

type Mutation = (target: Target) => WebhookRequest | undefined;

const withBody = (make: (body: Buffer) => Buffer): Mutation => {
  return ({ request, vector }) => {
    if (bodyIsNotSigned.has(vector.provider)) return undefined;
    const body = make(Buffer.from(request.body));
    return body.equals(request.body) ? undefined : { ...request, body };
  };
};
/** Where a header is a list, one that still has all of the genuine signature in it is no forgery. */
const lists = /^(ghost|sanity|standard-webhooks|svix)$/;
function holdsGenuine({ vector }: Target, made: string | undefined, value: string): boolean {
  const tokens = new Set(made?.split(/[\s,]+/));
  return lists.test(vector.provider) && value.split(/[\s,]+/).every((token) => tokens.has(token));
}
const withSignature = (make: (value: string, target: Target) => string | undefined): Mutation => {
  return (target) => {
    const { header, request } = target;
    if (header === undefined) return undefined;
    const { [header]: value = '', ...others } = request.headers;
    const made = make(value, target);
    if (made === value || holdsGenuine(target, made, value)) return undefined;
    return { ...request, headers: made === undefined ? others : { ...others, [header]: made } };
  };
};
/** Another secret in the place of the real one, in a header of the same form. */
const otherSecret = (secret: string, value: string, other: string) =>
  value.startsWith('Basic ')
    ? `Basic ${Buffer.from(`user:${other}`).toString('base64')}`
    : value.includes(secret)
      ? value.replace(secret, other)
      : other;

const anyPlace = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const anyText = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: anyCodePoint, maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    ',',
    '=',
    'sha256=',
    'sha1=',
    'v1,',
    'v1=',
    'none',
    'null',
    'undefined',
    '0',
    'é',
    '\ud800',
  ),
  fc.constantFrom('a'.repeat(9000), 'v1,AAAA '.repeat(500), 't=1,'.repeat(2000), '='.repeat(5000)),
);
const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes));
const hostileBodies = [
  Buffer.from('{"__proto__":{"verified":true},"constructor":{"prototype":{"a":1}}}'),
  Buffer.from(`${'['.repeat(50_000)}${']'.repeat(50_000)}`),
  Buffer.from(`{"a":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`),
  Buffer.from([0xff, 0xfe, 0x7b, 0x7d]),
  Buffer.from('{"id":"a\ud800","id":"b"}'),
  Buffer.from(''),
  Buffer.from('null'),
  Buffer.from('"text"'),
  Buffer.from('[]'),
  Buffer.from('webhook_id=42&x=1'),
];

const anyMutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(anyPlace, fc.integer({ min: 1, max: 255 })).map(([at, mask]) =>
    withBody((body) => {
      const place = Math.floor(at * body.length);
      body[place] = (body[place] ?? 0) ^ mask;
      return body;
    }),
  ),
  anyPlace.map((at) => withBody((body) => body.subarray(0, Math.floor(at * body.length)))),
  anyBytes.map((bytes) => withBody((body) => Buffer.concat([body, bytes]))),
  anyBytes.map((bytes) => withBody((body) => Buffer.concat([bytes, body]))),
  fc.tuple(anyPlace, anyBytes).map(([at, bytes]) =>
    withBody((body) => {
      const place = Math.floor(at * body.length);
      return Buffer.concat([body.subarray(0, place), bytes, body.subarray(place)]);
    }),
  ),
  // A flag for base64 that lies, in both directions.
  fc.constant(withBody((body) => Buffer.from(body.toString('utf8'), 'base64'))),
  fc.constant(withBody((body) => Buffer.from(body.toString('base64')))),
  // Keys that come twice, and bodies that were parsed and written again.
  fc.constant(withBody((body) => Buffer.from(body.toString('utf8').replace('{', '{"id":"x","id":"y",')))),
  fc.constant(withBody((body) => Buffer.from(`${body.toString('utf8')} `))),
  fc.constantFrom(...hostileBodies).map((hostile) => withBody(() => hostile)),
  fc.constant(withSignature(() => undefined)),
  anyText.map((text) =>
    withSignature((value, { secret }) => (value.includes(secret) ? otherSecret(secret, value, text) : text)),
  ),
  anyText.map((text) =>
    withSignature((value, { secret, vector }) =>
      bodyIsNotSigned.has(vector.provider)
        ? otherSecret(secret, value, `${secret}${text}x`)
        : `${text}${value}`.trim() === value
          ? undefined
          : `${value}${text}x`,
    ),
  ),
  // A header that came twice, as HTTP APIs join it.
  fc.constantFrom(',', ', ').map((joint) => withSignature((value) => `${value}${joint}${value}`)),
  // The right signature under the name of another algorithm.
  fc.constantFrom('sha1=', 'sha256=', 'sha512=', 'v1a,', 'v2,', 'v0=', 'md5=').map((prefix) =>
    withSignature((value, { vector, secret }) => {
      if (bodyIsNotSigned.has(vector.provider)) return otherSecret(secret, value, `${prefix}${secret}`);
      const changed = value.replace(/^(sha1=|sha256=|v1,|v1a,|v1=|t=|sign=)/, prefix);
      return changed === value ? `${prefix}${value}` : changed;
    }),
  ),
  fc.constant(
    withSignature((value, { vector, secret }) =>
      bodyIsNotSigned.has(vector.provider)
        ? otherSecret(secret, value, [...secret].reverse().join(''))
        : value.toUpperCase() === value
          ? undefined
          : value.toUpperCase(),
    ),
  ),
);

/** What must never be in a log or in an answer. */
function secretsOf({ secret, header, request }: Target, sent: WebhookRequest): readonly string[] {
  const signatures = header === undefined ? [] : [request.headers[header], sent.headers[header]];
  return [secret, ...signatures].filter((text) => text !== undefined).filter((text) => text.length > 11);
}

function expectNoSecrets(target: Target, sent: WebhookRequest, body: unknown): void {
  const written = JSON.stringify([target.world.lines, body]);
  for (const hidden of secretsOf(target, sent)) {
    if (written.includes(JSON.stringify(hidden).slice(1, -1)))
      throw new Error(`a secret was written: ${written}`);
  }
}

describe('a request that nobody signed', () => {
  it(
    'is refused, whatever was changed in a genuine one, and nothing of it is logged',
    async () => {
      expect(targets).toHaveLength(30);
      let refused = 0;
      const attempt = async (target: Target, mutation: Mutation) => {
        const request = mutation(target);
        if (request === undefined) return;
        target.world.lines.length = 0;
        const { statusCode, body } = await receiveWebhook(target.name, request, target.world.ports);
        if (statusCode !== 401) throw new Error(`${target.vector.provider} was answered ${statusCode}`);
        expectNoSecrets(target, request, body);
        refused++;
      };
      // Some mutations change nothing of some requests; these do not count.
      while (refused < cases * 0.8) {
        const numRuns = Math.ceil(cases * 0.8 - refused);
        await fc.assert(fc.asyncProperty(fc.constantFrom(...targets), anyMutation, attempt), { numRuns });
      }
      expect(targets.every(({ world }) => world.sent.length === 0)).toBe(true);
    },
    timeoutMs,
  );

  it(
    'is refused when it is replayed late, or comes from the future',
    async () => {
      const dated = targets.filter(({ vector }) => (vector.tolerance_s ?? 0) > 0);
      expect(dated.length).toBeGreaterThan(8);
      const anyShift = fc.tuple(fc.constantFrom(-1, 1), fc.integer({ min: 3000, max: 1e10 }));
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...dated), anyShift, async (target, [direction, shiftMs]) => {
          const { vector, world, name, request } = target;
          world.nowMs = vector.now_ms + direction * (shiftMs + (vector.tolerance_s ?? 0) * 1000);
          const { statusCode } = await receiveWebhook(name, request, world.ports);
          world.nowMs = vector.now_ms;
          if (statusCode !== 401) throw new Error(`${vector.provider} was answered ${statusCode}`);
        }),
        { numRuns: Math.ceil(cases * 0.03) },
      );
    },
    timeoutMs,
  );

  it(
    'is refused by every source, whatever its headers, path and body are',
    async () => {
      const names = Object.keys(webhookSources);
      const world = createWebhookWorld({
        webhooks: Object.fromEntries(
          names.map((source) => [
            source,
            {
              source,
              secretIds: [source],
              options: { verification: { kind: 'hmac', header: 'x-signature' }, stack: ownStack },
            },
          ]),
        ),
        secrets: Object.fromEntries(names.map((source) => [source, testSecretOf(source)])),
        nowMs: testNowMs,
      });
      const headers = [
        ...new Set([...Object.values(signatureHeaders), 'x-signature', 'webhook-id', 'webhook-timestamp']),
      ];
      const anyHeaders = fc.dictionary(
        fc.oneof(fc.constantFrom(...headers, '__proto__', 'constructor'), fc.string()),
        anyText,
      );
      const anyBody = fc.oneof(
        fc.constantFrom(...hostileBodies),
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...names),
          anyHeaders,
          anyText,
          anyBody,
          async (name, headers, path, body) => {
            world.lines.length = 0;
            const answer = await receiveWebhook(name, { method: 'POST', path, headers, body }, world.ports);
            // What holds its own secret is not even parsed where it is large.
            const isTooLarge = name === 'prismic' && body.length > deliveryLimits.unverifiedBytes;
            const expected = isTooLarge ? 413 : 401;
            if (answer.statusCode !== expected) throw new Error(`${name} was answered ${answer.statusCode}`);
          },
        ),
        { numRuns: Math.ceil(cases * 0.12) },
      );
      expect(world.sent).toEqual([]);
    },
    timeoutMs,
  );
});

describe('a body that is signed and hostile', () => {
  const sources = Object.keys(webhookSigners);
  const anyKey = fc.oneof(
    fc.constantFrom(
      'id',
      'type',
      'event',
      'data',
      'post',
      'entry',
      'sys',
      'action',
      'operation',
      'documents',
      'commits',
    ),
    fc.constantFrom(
      'entity',
      'notifications',
      'keys',
      'collection',
      'ref',
      'doc',
      'model',
      '__proto__',
      'toString',
    ),
    fc.constantFrom(
      'current',
      'previous',
      'entity_type',
      'event_type',
      'attributes',
      'localizations',
      'message',
    ),
  );
  const anyValue = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(
        'publish',
        'update',
        'delete',
        'entry.publish',
        'api-update',
        'item',
        'refs/heads/main',
        'product',
      ),
      fc.constantFrom(null, true, 0, -1, 1e308, '', '\ud800', 'a'.repeat(3000), '2026-13-45T99:00:00Z'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(anyKey, tie('value'), { maxKeys: 6 }),
    ),
  })).value;
  const anyHeaders = fc.record({
    'x-github-event': fc.constantFrom('push', 'ping', 'é'),
    'x-shopify-topic': fc.constantFrom('products/update', 'products/delete', '/', ''),
    'x-wc-webhook-topic': fc.constantFrom('product.updated', '.', ''),
    'x-wp-webhook-name': fc.constantFrom('post_update', 'post_delete', 'constructor'),
    'sanity-operation': fc.constantFrom('update', 'delete', '__proto__'),
    'x-contentful-topic': fc.constantFrom(
      'ContentManagement.Entry.publish',
      'a.b.c',
      'ContentManagement.Asset.delete',
    ),
  });

  it(
    'is answered with 2xx or 400, and never with an error of ours',
    async () => {
      const worlds = new Map(
        sources.map((source) => [
          source,
          createWebhookWorld({
            webhooks: {
              [source]: {
                source,
                secretIds: ['secret'],
                options: {
                  verification: { kind: 'hmac', header: 'x-signature', prefix: 'sha256=' },
                  drafts: true,
                },
              },
            },
            rules: [
              {
                match: { source },
                purge: { fileUrls: ['https://www.example.com/{id}', 'https://www.example.com/{+path}'] },
              },
            ],
            secrets: { secret: testSecretOf(source) },
            nowMs: testNowMs,
          }),
        ]),
      );
      const anyBody = fc.oneof(
        { weight: 5, arbitrary: anyValue.map((value) => JSON.stringify(value) ?? '') },
        { weight: 1, arbitrary: fc.constantFrom(...hostileBodies).map((body) => body.toString('utf8')) },
      );
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...sources), anyHeaders, anyBody, async (source, headers, text) => {
          const world = worlds.get(source);
          const sign = webhookSigners[source];
          if (world === undefined || sign === undefined) throw new Error('no such source');
          const body = source === 'prismic' && !text.startsWith('{') ? '{}' : text;
          const path = `/webhooks/${source}`;
          const signed = sign({ body, nowMs: testNowMs, path, secret: testSecretOf(source), headers });
          world.lines.length = 0;
          const request = { method: 'POST', path, headers: signed.headers, body: Buffer.from(signed.body) };
          const { statusCode } = await receiveWebhook(source, request, world.ports);
          // Where the secret or the time is in the body, one that cannot be read is not verified.
          const expected = /^(contentstack|prismic)$/.test(source) ? [200, 202, 400, 401] : [200, 202, 400];
          if (!expected.includes(statusCode)) {
            throw new Error(`${source} was answered ${statusCode}: ${JSON.stringify(world.lines)}`);
          }
          expect(JSON.stringify(world.lines)).not.toContain(testSecretOf(source));
        }),
        { numRuns: Math.ceil(cases * 0.08) },
      );
    },
    timeoutMs,
  );

  it('is refused unread where it is larger than 4 MiB', async () => {
    const world = createWebhookWorld({
      webhooks: { strapi: { source: 'strapi', secretIds: ['s'] } },
      secrets: { s: 'secret' },
    });
    const headers = { authorization: 'secret' };
    const body = Buffer.alloc(10 * 1024 * 1024, '[');
    const request = { method: 'POST', path: '/webhooks/strapi', headers, body };
    expect((await receiveWebhook('strapi', request, world.ports)).statusCode).toBe(413);
    const largest = { ...request, body: body.subarray(0, maxBodyBytes) };
    expect((await receiveWebhook('strapi', largest, world.ports)).statusCode).toBe(400);
  });
});
