import { describe, expect, it } from 'vitest';
import { conditionHolds, type ResolveScope, resolve } from '../../local/aws/template/intrinsics.ts';

function scope(overrides: Partial<ResolveScope> = {}): ResolveScope {
  return {
    parameters: { Stage: 'prod', 'AWS::Region': 'eu-west-1', Zones: ['a', 'b'] },
    conditions: {},
    ref: (logicalId) => `ref:${logicalId}`,
    getAtt: (logicalId, attribute) => `att:${logicalId}.${attribute}`,
    ...overrides,
  };
}

describe('resolve', () => {
  it.each([
    ['a plain value', { a: [1, 'x', true, null] }, { a: [1, 'x', true, null] }],
    ['Ref of a parameter', { Ref: 'Stage' }, 'prod'],
    ['Ref of a pseudo parameter', { Ref: 'AWS::Region' }, 'eu-west-1'],
    ['Ref of a resource', { Ref: 'Queue' }, 'ref:Queue'],
    ['GetAtt', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'att:Queue.Arn'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-prod-3'],
    ['Sub', { 'Fn::Sub': `x-${'$'}{Stage}-${'$'}{AWS::Region}` }, 'x-prod-eu-west-1'],
    ['Select', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Select with a string as the index', { 'Fn::Select': ['0', { Ref: 'Zones' }] }, 'a'],
    ['functions inside of functions', [{ deep: { 'Fn::Join': ['', [{ Ref: 'Q' }]] } }], [{ deep: 'ref:Q' }]],
  ])('resolves %s', (_name, value, expected) => {
    expect(resolve(value, scope())).toEqual(expected);
  });

  it('leaves out properties and items without a value', () => {
    const withNothing = { kept: 1, gone: { Ref: 'AWS::NoValue' }, list: [{ Ref: 'AWS::NoValue' }, 2] };
    expect(resolve(withNothing, scope())).toEqual({ kept: 1, list: [2] });
    expect(resolve({ Ref: 'AWS::NoValue' }, scope())).toBeUndefined();
  });

  it('takes the side of Fn::If that its condition says', () => {
    const conditions = { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } };
    const value = { 'Fn::If': ['IsProd', { size: 10 }, { Ref: 'AWS::NoValue' }] };
    expect(resolve(value, scope({ conditions }))).toEqual({ size: 10 });
    expect(resolve(value, scope({ conditions, parameters: { Stage: 'dev' } }))).toBeUndefined();
  });

  it('lets joined strings be rewritten, and no others', () => {
    const rewrite = (value: string) => value.replace('https', 'http');
    const value = [{ 'Fn::Join': ['', ['https://', 'x']] }, 'https://z'];
    expect(resolve(value, scope({ rewrite }))).toEqual(['http://x', 'https://z']);
  });

  it.each([
    [{ 'Fn::ImportValue': 'other:Output' }, 'Fn::ImportValue is not supported by the local stack'],
    [{ 'Fn::GetAtt': 'Queue.Arn' }, 'Expected the argument of Fn::GetAtt to be a list, got "Queue.Arn"'],
    [{ 'Fn::Sub': ['x', {}] }, 'Expected a string in Fn::Sub, got ["x",{}]'],
    [{ 'Fn::Select': [5, ['a']] }, 'Fn::Select asks for item 5 of a list of 1'],
    [{ Ref: 'AWS::Unheard' }, 'The pseudo parameter AWS::Unheard is not supported'],
    [{ 'Fn::If': ['Missing', 1, 2] }, 'The template has no condition named Missing'],
    [{ 'Fn::Join': ['', [{ a: 1 }]] }, 'Expected a string in Fn::Join, got {"a":1}'],
    [{ 'Fn::Join': 'x' }, 'Expected the argument of Fn::Join to be a list, got "x"'],
  ])('refuses %j with a sentence', (value, message) => {
    expect(() => resolve(value, scope())).toThrow(message);
  });
});

describe('conditionHolds', () => {
  const conditions = {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsDev: { 'Fn::Equals': [{ Ref: 'Stage' }, 'dev'] },
    Odd: { 'Fn::Not': [{ Condition: 'IsProd' }] },
  };

  it.each([
    ['IsProd', true],
    ['IsDev', false],
  ])('evaluates %s', (name, expected) => {
    expect(conditionHolds(name, scope({ conditions }))).toBe(expected);
  });

  it('compares numbers and strings by their text', () => {
    const same = { Same: { 'Fn::Equals': [1, '1'] } };
    expect(conditionHolds('Same', scope({ conditions: same }))).toBe(true);
  });

  it('refuses an operator that is not supported', () => {
    expect(() => conditionHolds('Odd', scope({ conditions }))).toThrow('A condition with Fn::Not');
  });
});
