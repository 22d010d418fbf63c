import fc from 'fast-check';

const surrogates = 0xe000 - 0xd800;

/**
 * Any one character of Unicode, as a unit of `fc.string`. The unit `binary` of fast-check is the same, and takes a second to
 * list all that there are.
 */
export const anyCodePoint: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - surrogates })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + surrogates), indexOf);

/** By this, `fc.string` knows which strings that are awkward as such, like `__proto__`, it may give now and then. */
function indexOf(character: unknown): number {
  const [codePoint, ...others] = Array.from(String(character), (each) => each.codePointAt(0));
  if (codePoint === undefined || others.length > 0) throw new Error('Expected one character');
  return codePoint < 0xd800 ? codePoint : codePoint - surrogates;
}
