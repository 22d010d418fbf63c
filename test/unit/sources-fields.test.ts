import { describe, expect, it } from 'vitest';
import { fieldLimits, flattenFields } from '../../functions/sources/toolkit/fields.ts';

describe('fields are flattened', () => {
  it('under dotted names, and the well-known ones also under their own', () => {
    expect(
      flattenFields({
        slug: 'hello',
        url: 'https://www.example.com/hello',
        path: '/hello',
        year: 2026,
        featured: true,
        subtitle: null,
        seo: { path: '/seo', og: { image: 'a.png' } },
        tags: ['news', { name: 'cdn' }],
      }),
    ).toEqual({
      slug: 'hello',
      url: 'https://www.example.com/hello',
      path: '/hello',
      'fields.slug': 'hello',
      'fields.url': 'https://www.example.com/hello',
      'fields.path': '/hello',
      'fields.year': 2026,
      'fields.featured': true,
      'fields.seo.path': '/seo',
      'fields.seo.og.image': 'a.png',
      'fields.tags.0': 'news',
      'fields.tags.1.name': 'cdn',
    });
  });

  it('in addition to what the source tells by itself', () => {
    expect(flattenFields({ environment: 'a' }, { environment: 'master' })).toEqual({
      environment: 'master',
      'fields.environment': 'a',
    });
  });

  it('without a short name for a well-known field that is not a scalar', () => {
    expect(flattenFields({ slug: { current: 'hello' } })).toEqual({ 'fields.slug.current': 'hello' });
  });

  it('with the shallower of two fields of one name', () => {
    expect(flattenFields({ a: { b: 'deep' }, 'a.b': 'shallow' })).toEqual({ 'fields.a.b': 'shallow' });
  });

  it('on an object without a prototype, so that a name is a field or nothing', () => {
    const fields = flattenFields(JSON.parse('{"__proto__":"a","constructor":{"name":"b"}}'));
    expect(Object.getPrototypeOf(fields)).toBeNull();
    expect(fields.constructor).toBeUndefined();
    expect(Object.entries(fields)).toEqual([
      ['fields.__proto__', 'a'],
      ['fields.constructor.name', 'b'],
    ]);
  });

  it.each([
    ['a string too long for any URL', { a: 'x'.repeat(fieldLimits.valueLength + 1) }],
    ['a key too long', { ['k'.repeat(fieldLimits.keyLength + 1)]: { a: 1 } }],
    ['a number that is none', { a: Number.POSITIVE_INFINITY }],
    ['a field too deep', { a: { b: { c: { d: { e: 1 } } } } }],
  ])('without %s', (_, entry) => {
    expect(flattenFields(entry)).toEqual({});
  });

  it('with a limit on the items of a list', () => {
    const names = Object.keys(flattenFields({ list: Array.from({ length: 1000 }, (_, index) => index) }));
    expect(names).toHaveLength(fieldLimits.items);
    expect(names.at(-1)).toBe('fields.list.19');
  });

  it('with a limit on what is looked at, where nothing is a field', () => {
    const empty = (count: number) => Array.from({ length: count }, (_, index) => [`k${index}`, {}] as const);
    const within = Object.fromEntries([...empty(fieldLimits.visits - 1), ['last', 1]]);
    const beyond = Object.fromEntries([...empty(fieldLimits.visits), ['last', 1]]);
    expect(flattenFields(within)).toEqual({ 'fields.last': 1 });
    expect(flattenFields(beyond)).toEqual({});
  });

  it('with the shallow ones first, so that a large rich text hides nothing', () => {
    const paragraph = { nodeType: 'paragraph', content: { value: 'x' } };
    const sections = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`s${index}`, paragraph]));
    const fields = flattenFields({ body: sections, slug: 'hello', category: 'news' });
    expect(fields['fields.category']).toBe('news');
    expect(fields['fields.slug']).toBe('hello');
    expect(Object.keys(fields)).toHaveLength(fieldLimits.count);
  });
});
