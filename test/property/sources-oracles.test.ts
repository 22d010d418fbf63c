import { sign, verify } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { github } from '../../functions/sources/vendors/github.ts';
import { standardWebhooks } from '../../functions/sources/vendors/standard-webhooks.ts';

const nowMs = Date.UTC(2026, 0, 1);
const numRuns = 1500;

const anyBody = fc.oneof(fc.json(), fc.string({ unit: 'grapheme', minLength: 1 }));
/** What happens to a string between its sender and us: mostly nothing. */
const anyChange = fc.oneof(
  { weight: 2, arbitrary: fc.constant((text: string) => text) },
  fc.nat().map((at) => (text: string) => {
    const index = at % text.length;
    return `${text.slice(0, index)}${text[index] === '1' ? '2' : '1'}${text.slice(index + 1)}`;
  }),
  fc.constant((text: string) => `${text}0`),
);

function requestOf(headers: Record<string, string>, body: string) {
  return { method: 'POST', path: '/webhooks/site', headers, body: Buffer.from(body) };
}

describe('our verdict is that of the library of Standard Webhooks', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: nowMs, toFake: ['Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const anySecret = fc
    .uint8Array({ minLength: 16, maxLength: 64 })
    .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);
  const anyDelivery = fc.record({
    body: anyBody,
    secret: anySecret,
    id: fc.stringMatching(/^[\w-]{1,40}$/),
    offsetSeconds: fc.oneof(fc.integer({ min: -302, max: 302 }), fc.constantFrom(0, -300, 300, -301, 301)),
    changeBody: anyChange,
    changeId: anyChange,
    changeSignature: anyChange,
    otherSecret: fc.option(anySecret, { nil: undefined, freq: 4 }),
  });

  it('whatever was changed on the way, however old it is', () => {
    const verdicts = { true: 0, false: 0 };
    fc.assert(
      fc.property(anyDelivery, (delivery) => {
        const { body, secret, id, offsetSeconds, otherSecret = secret } = delivery;
        const sentAt = new Date(nowMs + offsetSeconds * 1000);
        const headers = {
          'webhook-id': delivery.changeId(id),
          'webhook-timestamp': String(sentAt.getTime() / 1000),
          'webhook-signature': delivery.changeSignature(new Webhook(secret).sign(id, sentAt, body)),
        };
        const received = delivery.changeBody(body);
        const { verified } = standardWebhooks.verify(requestOf(headers, received), [otherSecret], nowMs, {});
        expect(verified).toBe(isVerified(otherSecret, received, headers));
        verdicts[`${verified}`] += 1;
      }),
      { numRuns },
    );
    expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(10);
  });

  function isVerified(secret: string, body: string, headers: Record<string, string>): boolean {
    try {
      new Webhook(secret).verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  }
});

describe("our verdict is that of GitHub's library", () => {
  const anyDelivery = fc.record({
    body: anyBody,
    secret: fc.string({ unit: 'grapheme', minLength: 1 }),
    changeBody: anyChange,
    changeSignature: anyChange,
    otherSecret: fc.option(fc.string({ minLength: 1 }), { nil: undefined, freq: 4 }),
  });

  it('whatever was changed on the way', async () => {
    const verdicts = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(
        anyDelivery,
        async ({ body, secret, changeBody, changeSignature, otherSecret = secret }) => {
          const signature = changeSignature(await sign(secret, body));
          const received = changeBody(body);
          const request = requestOf({ 'x-hub-signature-256': signature }, received);
          const { verified } = github.verify(request, [otherSecret], nowMs, {});
          expect(verified).toBe(await verify(otherSecret, received, signature));
          verdicts[`${verified}`] += 1;
        },
      ),
      { numRuns },
    );
    expect(Math.min(verdicts.true, verdicts.false)).toBeGreaterThan(10);
  });
});
