import { describe, expect, it } from 'vitest';
import { compileEventPattern } from '../../local/aws/s3-events/event-pattern.ts';

const event = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  resources: ['arn:aws:s3:::site', 'arn:aws:s3:::other'],
  detail: { bucket: { name: 'site' }, object: { key: 'site/Blog/hello.html', size: 5 }, reason: null },
};

const key = (expected: unknown) => ({ detail: { object: { key: [expected] } } });

describe('compileEventPattern', () => {
  it.each([
    ['an empty pattern', {}, true],
    ['an exact string', { source: ['aws.s3'] }, true],
    ['one of several strings', { 'detail-type': ['Object Deleted', 'Object Created'] }, true],
    ['another string', { source: ['aws.ec2'] }, false],
    ['all fields', { source: ['aws.s3'], detail: { bucket: { name: ['site'] } } }, true],
    ['all fields but one', { source: ['aws.s3'], detail: { bucket: { name: ['other'] } } }, false],
    ['a field that is missing', { detail: { nothing: { here: ['x'] } } }, false],
    ['one item of a list', { resources: ['arn:aws:s3:::other'] }, true],
    ['prefix', key({ prefix: 'site/' }), true],
    ['another prefix', key({ prefix: 'Site/' }), false],
    ['suffix', key({ suffix: '.html' }), true],
    ['another suffix', key({ suffix: '.css' }), false],
    ['wildcard', key({ wildcard: 'site/*/*.html' }), true],
    ['another wildcard', key({ wildcard: '*/news/*' }), false],
    ['a wildcard of plain characters', key({ wildcard: 'site.*' }), false],
    ['an escaped star', key({ wildcard: 'site/\\*' }), false],
    [
      'any of several operators',
      { detail: { object: { key: [{ suffix: '.css' }, { prefix: 'site/' }] } } },
      true,
    ],
  ])('%s', (_name, pattern, expected) => {
    expect(compileEventPattern(pattern)(event)).toBe(expected);
  });

  it('distinguishes an escaped star from a wildcard', () => {
    const matches = compileEventPattern({ name: [{ wildcard: 'a\\*b\\\\*' }] });
    expect([matches({ name: 'a*b\\' }), matches({ name: 'a*b\\c' }), matches({ name: 'axb\\' })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [key({ 'anything-but': 'x' }), 'EventPattern.detail.object.key: {"anything-but":"x"} is not supported'],
    [
      key({ prefix: { 'equals-ignore-case': 'a' } }),
      '{"prefix":{"equals-ignore-case":"a"}} is not supported',
    ],
    [key({ prefix: 5 }), 'EventPattern.detail.object.key: {"prefix":5} is not supported'],
    [key({ prefix: 'a', suffix: 'b' }), '{"prefix":"a","suffix":"b"} is not supported'],
    [key(null), 'EventPattern.detail.object.key: null is not supported'],
    [{ $or: [{ source: ['x'] }] }, 'EventPattern.$or: {"source":["x"]} is not supported'],
    [{ source: 'aws.s3' }, 'Expected EventPattern.source to be an object, got "aws.s3"'],
  ])('refuses %j at once', (pattern, message) => {
    expect(() => compileEventPattern(pattern)).toThrow(message);
  });
});
