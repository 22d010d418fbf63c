import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryChange } from '../../functions/core/model/types.ts';
import { webhookSources } from '../../functions/sources/registry.ts';
import { fieldLimits, flattenFields } from '../../functions/sources/toolkit/fields.ts';
import type { WebhookSource } from '../../functions/sources/webhook-source.ts';
import { signContentful, signStandardWebhook } from '../../infra/cli/webhooks/signing.ts';

const testNowMs = Date.UTC(2026, 0, 1);
const sitePath = '/webhooks/site';

/** Payloads that come close to real ones: right keys with wrong values, wrong keys, hostile keys. */
const anyKey = fc.oneof(
  fc.constantFrom('type', 'data', 'id', 'locale', 'timestamp', 'sys', 'fields', 'environment', 'contentType'),
  fc.constantFrom('slug', '__proto__', 'constructor', 'toString', 'en-US', 'a.b', ''),
  fc.string(),
);
const anyPayload = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(
      'ContentManagement',
      'entry.deleted',
      'master',
      '2026-01-01T00:00:00Z',
      '',
      null,
      0,
      true,
    ),
    fc.jsonValue({ maxDepth: 2 }),
    fc.array(tie('value'), { maxLength: 5 }),
    // `__proto__` is a key of the object's own, as JSON.parse makes it.
    fc.array(fc.tuple(anyKey, tie('value')), { maxLength: 8 }).map(Object.fromEntries<unknown>),
  ),
})).value;
const anyBody = fc.oneof(
  anyPayload.map((payload) => Buffer.from(JSON.stringify(payload) ?? '')),
  anyPayload.map((data) => Buffer.from(JSON.stringify({ type: 'entry.published', data }))),
  anyPayload.map((fields) => Buffer.from(JSON.stringify({ sys: { id: 'e1' }, fields }))),
  fc.uint8Array({ maxLength: 100 }),
);

const sources: readonly WebhookSource[] = Object.values(webhookSources);

/** @returns what is wrong with what a source has read; undefined where it holds together */
function flawOf(reading: ReturnType<WebhookSource['read']>, source: WebhookSource): string | undefined {
  switch (reading.kind) {
    case 'malformed':
      return /^Expected .+, got /s.test(reading.message) && reading.message.length < 310
        ? undefined
        : `is malformed: ${reading.message}`;
    case 'ignored':
      return reading.reason === '' ? 'is ignored without a reason' : undefined;
    case 'changes':
      return reading.changes.length > 0 && reading.changes.every((change) => isWhole(change, source))
        ? undefined
        : `has the changes ${JSON.stringify(reading.changes)}`;
  }
}

function isWhole({ webhook, action, occurredAt, ...change }: EntryChange, { name }: WebhookSource): boolean {
  const isPutOrDelete = action === 'put' || action === 'delete';
  return (
    change.source === name && webhook === 'site' && isPutOrDelete && !Number.isNaN(Date.parse(occurredAt))
  );
}

describe('every source', () => {
  it('reads any body and any headers as changes that hold together, or says why not', () => {
    fc.assert(
      fc.property(anyBody, fc.boolean(), (body, signed) => {
        const headers = signed
          ? {
              ...signContentful({ body, nowMs: testNowMs, path: sitePath }),
              ...signStandardWebhook({ body, nowMs: testNowMs }),
            }
          : {};
        const request = { method: 'POST', path: sitePath, headers, body };
        const context = { webhook: 'site', nowMs: testNowMs, options: { drafts: true } };
        for (const source of sources) {
          const flaw = flawOf(source.read(request, context), source);
          if (flaw !== undefined) throw new Error(`What ${source.name} reads ${flaw}`);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('flattened fields', () => {
  it('stay inside their limits and are scalars of the payload, whatever it is', () => {
    fc.assert(
      fc.property(fc.dictionary(anyKey, anyPayload), (entry) => {
        const { fields } = flattenFields(entry);
        expect(Object.keys(fields).length).toBeLessThanOrEqual(fieldLimits.visits);
        const payload = JSON.stringify(entry);
        const wrong = Object.entries(fields).filter(
          ([name, value]) =>
            !/^(fields\.|slug$|url$|path$)/s.test(name) ||
            !['string', 'number', 'boolean'].includes(typeof value) ||
            !payload.includes(JSON.stringify(value)),
        );
        expect(wrong).toEqual([]);
      }),
      { numRuns: 1000 },
    );
  });

  it('hold every field of a small payload with plain names', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 1, maxLength: 8 });
    const anyFlat = fc.dictionary(plain, fc.oneof(fc.string(), fc.integer(), fc.boolean()), { maxKeys: 20 });
    fc.assert(
      fc.property(anyFlat, fc.dictionary(plain, anyFlat, { maxKeys: 5 }), (flat, groups) => {
        const { fields } = flattenFields({ ...flat, group: groups });
        const expected = new Map<string, unknown>();
        for (const [name, value] of Object.entries(flat)) {
          if (name !== 'group') expected.set(`fields.${name}`, value);
        }
        for (const [group, values] of Object.entries(groups)) {
          for (const [name, value] of Object.entries(values))
            expected.set(`fields.group.${group}.${name}`, value);
        }
        for (const [name, value] of expected) expect(fields[name]).toBe(value);
      }),
    );
  });
});
