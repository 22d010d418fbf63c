import { describe, expect, it } from 'vitest';
import {
  decodeBase64,
  equalInConstantTime,
  headerOf,
  hmac,
  parseTimestampMs,
  timestampProblem,
} from '../../functions/sources/toolkit/signatures/crypto.ts';

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
