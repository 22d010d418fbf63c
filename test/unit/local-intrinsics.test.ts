import { describe, expect, it } from 'vitest';
import { conditionHolds, type ResolveScope, resolve } from '../../local/aws/template/intrinsics.ts';

function scope(overrides: Partial<ResolveScope> = {}): ResolveScope {
  return {
    parameters: { Stage: 'prod', 'AWS::Region': 'eu-west-1', Zones: ['a', 'b'] },
    conditions: {},
    mappings: {},
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
    ['GetAtt as a list', { 'Fn::GetAtt': ['Queue', 'Arn'] }, 'att:Queue.Arn'],
    ['GetAtt as a text', { 'Fn::GetAtt': 'Queue.Nested.Arn' }, 'att:Queue.Nested.Arn'],
    ['Join', { 'Fn::Join': ['-', ['a', { Ref: 'Stage' }, 3]] }, 'a-prod-3'],
    ['Sub with a parameter', { 'Fn::Sub': `x-${'$'}{Stage}-${'$'}{Queue.Arn}` }, 'x-prod-att:Queue.Arn'],
    [
      'Sub with its own variables',
      { 'Fn::Sub': [`${'$'}{A}/${'$'}{Stage}`, { A: { Ref: 'Q' } }] },
      'ref:Q/prod',
    ],
    ['Sub with a literal', { 'Fn::Sub': `${'$'}{!Stage}` }, `${'$'}{Stage}`],
    ['Select', { 'Fn::Select': [1, { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Select with a text for an index', { 'Fn::Select': ['0', { Ref: 'Zones' }] }, 'a'],
    ['Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
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

  it('finds values in mappings', () => {
    const mappings = { Sizes: { 'eu-west-1': { prod: 3 } } };
    const value = { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Region' }, { Ref: 'Stage' }] };
    expect(resolve(value, scope({ mappings }))).toBe(3);
  });

  it('lets texts that were put together be rewritten, and no others', () => {
    const rewriteText = (text: string) => text.replace('https', 'http');
    const value = [{ 'Fn::Join': ['', ['https://', 'x']] }, { 'Fn::Sub': 'https://y' }, 'https://z'];
    expect(resolve(value, scope({ rewriteText }))).toEqual(['http://x', 'http://y', 'https://z']);
  });

  it.each([
    [{ 'Fn::ImportValue': 'other:Output' }, 'Fn::ImportValue of "other:Output" cannot be resolved locally'],
    [{ 'Fn::Cidr': ['10.0.0.0/16', 6, 5] }, 'Fn::Cidr is not supported by the local stack'],
    [{ 'Fn::Select': [5, ['a']] }, 'Fn::Select asks for item 5 of a list of 1'],
    [{ Ref: 'AWS::Unheard' }, 'The pseudo parameter AWS::Unheard is not supported'],
    [{ 'Fn::If': ['Missing', 1, 2] }, 'The template has no condition named Missing'],
    [{ 'Fn::Join': ['', [{ a: 1 }]] }, 'Expected a text in Fn::Join, got {"a":1}'],
    [{ 'Fn::Join': 'x' }, 'Expected the argument of Fn::Join to be a list, got "x"'],
    [{ 'Fn::FindInMap': ['No', 'Such', 'Map'] }, 'Fn::FindInMap finds nothing at No / Such / Map'],
  ])('refuses %j with a sentence', (value, message) => {
    expect(() => resolve(value, scope())).toThrow(message);
  });
});

describe('conditionHolds', () => {
  const conditions = {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    IsDev: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Both: { 'Fn::And': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    Either: { 'Fn::Or': [{ Condition: 'IsProd' }, { Condition: 'IsDev' }] },
    Odd: { 'Fn::Perhaps': [] },
  };

  it.each([
    ['IsProd', true],
    ['IsDev', false],
    ['Both', false],
    ['Either', true],
  ])('evaluates %s', (name, expected) => {
    expect(conditionHolds(name, scope({ conditions }))).toBe(expected);
  });

  it('compares numbers and texts by what they say', () => {
    const same = { Same: { 'Fn::Equals': [1, '1'] } };
    expect(conditionHolds('Same', scope({ conditions: same }))).toBe(true);
  });

  it('refuses an operator that it does not know', () => {
    expect(() => conditionHolds('Odd', scope({ conditions }))).toThrow('A condition with Fn::Perhaps');
  });
});
