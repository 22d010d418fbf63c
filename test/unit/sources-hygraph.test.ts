import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryLimits } from '../../functions/sources/toolkit/limits.ts';
import { hygraph } from '../../functions/sources/vendors/hygraph.ts';

const nowMs = Date.UTC(2026, 0, 1);
const secret = 'a secret of sixteen bytes';

/** Signs as npm @hygraph/utils does: a JSON of the whole body as a string. */
function signed(body: Buffer, environment = 'master') {
  const text = JSON.stringify({
    Body: body.toString(),
    EnvironmentName: environment,
    TimeStamp: nowMs,
  });
  const sign = createHmac('sha256', secret).update(text).digest('base64');
  const headers = { 'gcms-signature': `sign=${sign}, env=${environment}, t=${nowMs}` };
  return { method: 'POST', path: '/webhooks/hygraph', headers, body };
}

const verify = (request: ReturnType<typeof signed>) => hygraph.verify(request, [secret], nowMs, {});

describe('a body that Hygraph signs', () => {
  it('is verified whatever is in it, as large as it may be', () => {
    const anyLetter = fc.oneof(
      fc.constantFrom('"', '\\', '\n', '\u0000', '\u001f', '\u007f', '\u2028', 'é', '€', '😀'),
      fc.string({ unit: 'grapheme', maxLength: 3 }),
    );
    const anyBody = fc
      .record({ start: fc.array(anyLetter), unit: anyLetter, times: fc.nat(20_000) })
      .map(({ start, unit, times }) => Buffer.from(`${start.join('')}${unit.repeat(times)}`));
    fc.assert(
      fc.property(anyBody, (body) => {
        expect(verify(signed(body))).toMatchObject({ verified: true });
      }),
      { numRuns: 200 },
    );
  });

  it('is refused unread where it is larger than what is escaped before it is verified', () => {
    const { escapedBytes } = deliveryLimits;
    expect(verify(signed(Buffer.alloc(escapedBytes, '"')))).toMatchObject({ verified: true });
    expect(verify(signed(Buffer.alloc(escapedBytes + 1, 'x')))).toMatchObject({ isTooLarge: true });
  });
});
