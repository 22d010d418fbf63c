import { describe, expect, it } from 'vitest';
import { compileEventPattern } from '../../local/aws/s3-events/event-pattern.ts';

const event = {
  source: 'aws.s3',
  'detail-type': 'Object Created',
  resources: ['arn:aws:s3:::site', 'arn:aws:s3:::other'],
  detail: { bucket: { name: 'site' }, object: { key: 'site/Blog/hello.html', size: 5 }, reason: null },
};

const key = (expected: unknown) => ({ detail: { object: { key: [expected] } } });
const size = (expected: unknown) => ({ detail: { object: { size: [expected] } } });

describe('compileEventPattern', () => {
  it.each([
    ['nothing asked', {}, true],
    ['an exact text', { source: ['aws.s3'] }, true],
    ['one of several texts', { 'detail-type': ['Object Deleted', 'Object Created'] }, true],
    ['another text', { source: ['aws.ec2'] }, false],
    ['all fields', { source: ['aws.s3'], detail: { bucket: { name: ['site'] } } }, true],
    ['all fields but one', { source: ['aws.s3'], detail: { bucket: { name: ['other'] } } }, false],
    ['a field that is not there', { detail: { nothing: { here: ['x'] } } }, false],
    ['one item of a list', { resources: ['arn:aws:s3:::other'] }, true],
    ['null', { detail: { reason: [null] } }, true],
    ['prefix', key({ prefix: 'site/' }), true],
    ['another prefix', key({ prefix: 'Site/' }), false],
    ['prefix without case', key({ prefix: { 'equals-ignore-case': 'SITE/' } }), true],
    ['suffix', key({ suffix: '.html' }), true],
    ['another suffix', key({ suffix: '.css' }), false],
    ['suffix without case', key({ suffix: { 'equals-ignore-case': '.HTML' } }), true],
    ['wildcard', key({ wildcard: 'site/*/*.html' }), true],
    ['another wildcard', key({ wildcard: '*/news/*' }), false],
    ['a wildcard of plain characters', key({ wildcard: 'site.*' }), false],
    ['a star that is meant', key({ wildcard: 'site/\\*' }), false],
    ['equals-ignore-case', key({ 'equals-ignore-case': 'SITE/blog/HELLO.html' }), true],
    ['anything but a text', key({ 'anything-but': 'site/a' }), true],
    ['anything but this text', key({ 'anything-but': ['x', 'site/Blog/hello.html'] }), false],
    ['anything but a prefix', key({ 'anything-but': { prefix: 'site/' } }), false],
    ['anything but several prefixes', key({ 'anything-but': { prefix: ['a/', 'b/'] } }), true],
    ['anything but a suffix', key({ 'anything-but': { suffix: '.map' } }), true],
    ['anything but a wildcard', key({ 'anything-but': { wildcard: '*hello*' } }), false],
    ['anything but, where there is nothing', { detail: { nothing: [{ 'anything-but': 'x' }] } }, false],
    ['exists', key({ exists: true }), true],
    ['exists not', key({ exists: false }), false],
    [
      'exists not, of a field that is not there',
      { detail: { nothing: { here: [{ exists: false }] } } },
      true,
    ],
    ['numeric', size({ numeric: ['>', 0, '<=', 5] }), true],
    ['numeric outside', size({ numeric: ['>=', 6] }), false],
    ['$or with one that fits', { $or: [{ source: ['x'] }, key({ suffix: '.html' })] }, true],
    ['$or with none that fits', { source: ['aws.s3'], $or: [{ source: ['x'] }, key('y')] }, false],
    ['$or inside detail', { detail: { $or: [{ reason: ['x'] }, { bucket: { name: ['site'] } }] } }, true],
    [
      'any of several operators',
      { detail: { object: { key: [{ suffix: '.css' }, { prefix: 'site/' }] } } },
      true,
    ],
  ])('%s', (_name, pattern, expected) => {
    expect(compileEventPattern(pattern)(event)).toBe(expected);
  });

  it('tells a star that is meant from one that stands for anything', () => {
    const matches = compileEventPattern({ name: [{ wildcard: 'a\\*b\\\\*' }] });
    expect([matches({ name: 'a*b\\' }), matches({ name: 'a*b\\c' }), matches({ name: 'axb\\' })]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    [key({ cidr: '10.0.0.0/8' }), 'EventPattern.detail.object.key: the operator {"cidr":"10.0.0.0/8"}'],
    [key({ prefix: 5 }), 'EventPattern.detail.object.key: the operator {"prefix":5}'],
    [key({ prefix: 'a', suffix: 'b' }), 'the operator {"prefix":"a","suffix":"b"}'],
    [key({ 'anything-but': { numeric: ['=', 'x'] } }), 'anything-but {"numeric":["=","x"]}'],
    [size({ numeric: ['~', 1] }), 'the operator {"numeric":["~",1]}'],
    [{ source: 'aws.s3' }, 'Expected EventPattern.source to be an object, got "aws.s3"'],
  ])('refuses %j at once', (pattern, message) => {
    expect(() => compileEventPattern(pattern)).toThrow(message);
  });
});
