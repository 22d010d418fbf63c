import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decodeBase64,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  timestampProblem,
} from '../../functions/sources/toolkit/signatures/crypto.ts';
import { verifyBy } from '../../functions/sources/toolkit/signatures/verify-request.ts';
import type { HmacVerification } from '../../functions/sources/webhook-options.ts';

describe('comparing in constant time', () => {
  it.each([
    ['', '', true],
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'abcd', false],
    ['', 'a', false],
    ['é', 'é', true],
    ['\u00e9', 'e\u0301', false],
  ])('says whether %j is %j', (left, right, equal) => {
    expect(equalInConstantTime(left, right)).toBe(equal);
    expect(equalInConstantTime(Buffer.from(left), right)).toBe(equal);
  });
});

describe('an HMAC', () => {
  it('is that of RFC 4231, test case 2, however the data is cut', () => {
    const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(hmac('sha256', 'Jefe', 'what do ya want for nothing?').toString('hex')).toBe(expected);
    expect(hmac('sha256', 'Jefe', 'what do ya ', Buffer.from('want for nothing?')).toString('hex')).toBe(
      expected,
    );
  });
});

describe('a timestamp', () => {
  it.each([
    ['1767225600', 'seconds', 1767225600000],
    ['1767225600000', 'milliseconds', 1767225600000],
    ['0', 'seconds', 0],
    [undefined, 'seconds', undefined],
    ['', 'seconds', undefined],
    [' 1767225600', 'seconds', undefined],
    ['1767225600\n', 'seconds', undefined],
    ['+1767225600', 'seconds', undefined],
    ['-1', 'seconds', undefined],
    ['1767225600.5', 'seconds', undefined],
    ['1e9', 'seconds', undefined],
    ['0x10', 'seconds', undefined],
    ['१२३', 'seconds', undefined],
    ['1767225600,1767225600', 'seconds', undefined],
    ['9'.repeat(13), 'seconds', undefined],
    ['9'.repeat(16), 'milliseconds', undefined],
  ] as const)('%j in %s is read as %s', (text, unit, expected) => {
    expect(parseTimestampMs(text, unit)).toBe(expected);
  });

  const policy = { header: 'webhook-timestamp', unit: 'seconds', toleranceSeconds: 300 } as const;

  it.each([
    [1300_000, undefined],
    [700_000, undefined],
    [1300_001, 'the request was signed 300.001 s old, at most 300 s is accepted'],
    [699_999, 'the request was signed 300.001 s in the future, at most 300 s is accepted'],
  ])('of 1,000 s, seen at %i ms', (nowMs, fault) => {
    expect(timestampProblem('1000', policy, nowMs)).toBe(fault);
  });

  it('that cannot be read is a problem that names the header', () => {
    expect(timestampProblem('soon', policy, 0)).toBe(
      'the header webhook-timestamp is not a Unix timestamp in seconds',
    );
  });
});

describe('base64', () => {
  it.each([
    ['TWFu', 'Man'],
    ['TWE=', 'Ma'],
    ['TWE', 'Ma'],
    ['', undefined],
    ['=', undefined],
    ['TWF', undefined],
    ['TW-_', undefined],
    ['TW Fu', undefined],
    ['TWFu!', undefined],
    ['TWé=', undefined],
  ])('%j is read as %j', (text, expected) => {
    expect(decodeBase64(text)?.toString()).toBe(expected);
  });
});

describe('a header', () => {
  it.each(['__proto__', 'constructor', 'toString'])('%s is absent unless it was sent', (name) => {
    expect(
      headerOf({ method: 'POST', path: '/', headers: {}, body: new Uint8Array() }, name),
    ).toBeUndefined();
  });
});

describe('a signature by HMAC', () => {
  const secret = 'k'.repeat(32);
  const nowMs = Date.UTC(2026, 0, 1);
  const headers = (x: string) => ({ x, t: String(nowMs / 1000) });
  const mac = createHmac('sha256', secret)
    .update(`${nowMs / 1000}.a`)
    .digest();
  const verify = (encoding: 'hex' | 'base64' | 'base64url', x: string, separator?: string) => {
    const scheme: HmacVerification = {
      kind: 'hmac',
      header: 'x',
      encoding,
      template: '{timestamp}.{body}',
      timestamp: { header: 't' },
      ...(separator !== undefined && { separator }),
    };
    const request = { method: 'POST', path: '/', headers: headers(x), body: Buffer.from('a') };
    return verifyBy(scheme, request, [secret], nowMs, 'any');
  };

  it.each([
    ['hex', mac.toString('hex').toUpperCase()],
    ['base64', mac.toString('base64').replace('=', '')],
    ['base64url', `${mac.toString('base64url')}=`],
  ] as const)(
    'may be in each spelling of %s that senders write, and is the same delivery',
    (encoding, other) => {
      const usual = verify(encoding, mac.toString(encoding));
      expect(usual.verified).toBe(true);
      expect(verify(encoding, other)).toEqual(usual);
    },
  );

  it.each([
    ['hex', mac.toString('hex').replace(/[a-f]/, (letter) => letter.toUpperCase())],
    ['base64', `${mac.toString('base64')}=`],
    ['base64', mac.toString('base64url')],
  ] as const)('may not be in any other of %s', (encoding, other) => {
    expect(verify(encoding, other).verified).toBe(false);
  });

  it('may come with a space after what separates it from others', () => {
    const good = mac.toString('hex');
    const other = '0'.repeat(64);
    for (const list of [`${good},${other}`, `${other}, ${good}`, ` ${other} , ${good} `]) {
      expect(verify('hex', list, ',').verified).toBe(true);
    }
    expect(verify('hex', `${other}, ${other}`, ',').verified).toBe(false);
  });
});
