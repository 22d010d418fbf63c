import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Md5, Sha256 } from '../../functions/aws/node-checksums.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';

async function hexOf(checksum: Md5 | Sha256, ...parts: (Uint8Array | string)[]): Promise<string> {
  for (const part of parts) checksum.update(part);
  return Buffer.from(await checksum.digest()).toString('hex');
}

describe('the checksums of the AWS SDK in functions', () => {
  test.each([
    // FIPS 180-2, B.1; RFC 4231, 4.3; RFC 1321, A.5.
    [
      'SHA-256',
      () => hexOf(new Sha256(), 'abc'),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    ],
    [
      'HMAC-SHA-256',
      () => hexOf(new Sha256('Jefe'), 'what do ya want ', 'for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    ['MD5', () => hexOf(new Md5(), 'message digest'), 'f96b697d7cb7938d525a2f31aaf161d0'],
  ])('have the published values: %s', async (_, digest, expected) => {
    expect(await digest()).toBe(expected);
  });

  const created = [() => new Sha256(), () => new Sha256(Buffer.from('secret')), () => new Md5()];

  test('are the same in parts, and after a reset', async () => {
    const parts = fc.array(fc.oneof(fc.string({ unit: anyCodePoint }), fc.uint8Array()));
    await fc.assert(
      fc.asyncProperty(parts, fc.constantFrom(...created), async (each, create) => {
        const whole = await hexOf(create(), Buffer.concat(each.map((part) => Buffer.from(part))));
        const checksum = create();
        expect(await hexOf(checksum, ...each)).toBe(whole);
        checksum.reset();
        expect(await hexOf(checksum, ...each)).toBe(whole);
      }),
    );
  });

  test('of a hash, may be asked for in between', async () => {
    for (const checksum of [new Sha256(), new Md5()]) {
      await hexOf(checksum, 'a');
      const create = checksum instanceof Md5 ? new Md5() : new Sha256();
      expect(await hexOf(checksum, 'bc')).toBe(await hexOf(create, 'abc'));
    }
  });
});
