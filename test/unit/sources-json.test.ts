import { describe, expect, it } from 'vitest';
import { deliveryLimits } from '../../functions/sources/toolkit/limits.ts';
import {
  parseJsonObject,
  parseJsonText,
  unexpected,
  valueAt,
} from '../../functions/sources/toolkit/payload.ts';

const nested = (depth: number) => '{"a":'.repeat(depth) + 1 + '}'.repeat(depth);

describe('a body', () => {
  it('is parsed as UTF-8, with or without a byte order mark', () => {
    const value = { title: 'Héllo 🎉' };
    const text = JSON.stringify(value);
    expect(parseJsonObject(Buffer.from(text))).toEqual({ kind: 'parsed', value });
    expect(parseJsonObject(Buffer.from(`\ufeff${text}`))).toEqual({ kind: 'parsed', value });
  });

  it.each([
    ['a byte that is never UTF-8', [0x22, 0xff, 0x22]],
    ['a character cut off', [0x22, 0xc3, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])('with %s is malformed', (_, bytes) => {
    expect(parseJsonObject(Uint8Array.from(bytes))).toEqual({
      kind: 'malformed',
      message: `Expected the body to be UTF-8, got ${bytes.length} bytes that are not`,
    });
  });

  it('may nest as deep as the limit and no deeper', () => {
    expect(parseJsonObject(Buffer.from(nested(deliveryLimits.depth))).kind).toBe('parsed');
    expect(parseJsonObject(Buffer.from(nested(deliveryLimits.depth + 1)))).toEqual({
      kind: 'malformed',
      message: 'Expected the body to nest at most 256 levels, got more',
    });
    expect(parseJsonObject(Buffer.from('['.repeat(5_000_000))).kind).toBe('malformed');
  });

  it('may hold any number of brackets in texts and side by side', () => {
    const value = { text: `"\\${'['.repeat(1000)}`, list: Array.from({ length: 1000 }, () => [{}]) };
    expect(parseJsonText(JSON.stringify(value), 'it')).toEqual({ kind: 'parsed', value });
  });
});

describe('an integer', () => {
  it.each([
    ['{"id":1234567890123456789}', { id: '1234567890123456789' }],
    ['[-9007199254740993 , 9007199254740991]', ['-9007199254740993', 9007199254740991]],
    ['12345678901234567890', '12345678901234567890'],
    [
      '{"a":"1234567890123456789","b":"\\"1234567890123456789"}',
      { a: '1234567890123456789', b: '"1234567890123456789' },
    ],
    [
      '[1234567890123456789.5,1e9,1.12345678901234567890]',
      [Number('1234567890123456789.5'), 1e9, 1.1234567890123457],
    ],
  ])('in %s that no number holds is read as its digits', (text, value) => {
    expect(parseJsonText(text, 'it')).toEqual({ kind: 'parsed', value });
  });

  it.each([
    '{1234567890123456789:1}',
    '{"a":1,1234567890123456789:1}',
    '[01234567890123456789]',
    '[1 1234567890123456789]',
  ])('does not make JSON of %s', (text) => {
    expect(parseJsonText(text, 'it').kind).toBe('malformed');
  });
});

describe('the values of a body', () => {
  const bodyOf = (count: number) => Buffer.from(`{"list":[${'{},'.repeat(count)}1]}`);

  it('are counted before they are parsed', () => {
    expect(parseJsonObject(bodyOf(100_000)).kind).toBe('parsed');
    expect(parseJsonObject(bodyOf(1_300_000))).toEqual({
      kind: 'malformed',
      message: 'Expected the body to hold at most 400000 values, got more',
      isTooLarge: true,
    });
  });
});

describe('a value', () => {
  it.each([
    [['a', 'b'], 1],
    [['a'], { b: 1 }],
    [['a', 'b', 'c'], undefined],
    [['x'], undefined],
    [['list', '0'], undefined],
    [['constructor'], undefined],
    [['__proto__'], undefined],
  ])('at %j is %j', (path, expected) => {
    expect(valueAt({ a: { b: 1 }, list: [1] }, ...path)).toEqual(expected);
  });

  it('is described in a message of bounded length', () => {
    const { message } = unexpected('id', 'a string', { ['k'.repeat(1000)]: 1 });
    expect(message).toMatch(/^Expected `id` to be a string, got an object with "k+\.\.\.$/);
    expect(message.length).toBeLessThan(310);
  });
});
