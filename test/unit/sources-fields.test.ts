import { describe, expect, it } from 'vitest';
import { fieldLimits, flattenFields as flatten } from '../../functions/sources/toolkit/fields.ts';
import { DeliveryBudget, deliveryLimits } from '../../functions/sources/toolkit/limits.ts';

const flattenFields = (entry: Record<string, unknown>, metadata?: Record<string, string>) =>
  flatten(entry, metadata).fields;

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
    ['a string too long for any URL', { a: 'x'.repeat(deliveryLimits.stringLength + 1) }],
    ['a key too long', { ['k'.repeat(fieldLimits.keyLength + 1)]: { a: 1 } }],
    ['a number that is none', { a: Number.POSITIVE_INFINITY }],
    ['a field too deep', { a: { b: { c: { d: { e: 1 } } } } }],
  ])('without %s', (_, entry) => {
    expect(flattenFields(entry)).toEqual({});
  });

  it('with every item of a list', () => {
    const names = Object.keys(flattenFields({ list: Array.from({ length: 1000 }, (_, index) => index) }));
    expect(names).toHaveLength(1000);
    expect(names.at(-1)).toBe('fields.list.999');
  });

  it('without an object or a list that is too large, and said to be cut', () => {
    const list = Array.from({ length: fieldLimits.visits }, (_, index) => index);
    expect(flatten({ a: 1, list })).toEqual({ fields: { 'fields.a': 1 }, isCut: true });
    expect(flatten({ a: 1, list: list.slice(2) })).toMatchObject({ isCut: false });
  });

  it('within the budget of their delivery', () => {
    const budget = new DeliveryBudget();
    const entry = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, index]));
    const flattenAll = () => {
      for (let count = 0; count <= deliveryLimits.fields / 1000; count += 1) flatten(entry, {}, budget);
    };
    expect(flattenAll).toThrow(`Expected a delivery of at most ${deliveryLimits.fields} fields, got more`);
  });

  it('with the shallow ones first, so that a large rich text hides nothing', () => {
    const paragraph = { nodeType: 'paragraph', content: { value: 'x' } };
    const sections = Object.fromEntries(Array.from({ length: 9000 }, (_, index) => [`s${index}`, paragraph]));
    const fields = flattenFields({ body: sections, slug: 'hello', category: 'news' });
    expect(fields['fields.category']).toBe('news');
    expect(fields['fields.slug']).toBe('hello');
    expect(Object.keys(fields).length).toBeLessThan(fieldLimits.count + 4);
  });
});
