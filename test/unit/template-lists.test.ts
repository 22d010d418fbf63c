import { describe, expect, it } from 'vitest';
import { compileUrlTemplate } from '../../functions/core/mapping/patterns/url-template.ts';

/** @returns values that count how often one of them is read */
function countingValues(values: Readonly<Record<string, string>>) {
  const counted = { reads: 0 };
  const proxy = new Proxy(values, {
    get(target, name) {
      counted.reads += 1;
      return Reflect.get(target, name);
    },
  });
  return { values: proxy, counted };
}

describe('a template over a list', () => {
  it('reads each value a few times, however many items there are', () => {
    const count = 500;
    const items = Array.from({ length: count }, (_, index) => [`fields.tags.${index}`, `t${index}`]);
    const { values, counted } = countingValues(Object.fromEntries([...items, ['locale', 'en']]));
    const template = compileUrlTemplate('https://www.example.com/{locale}/{fields.tags.*}/');
    const expansion = template.expand(values);
    expect(expansion).toMatchObject({ kind: 'expanded', results: { length: count } });
    expect(counted.reads).toBeLessThan(10 * count);
  });
});
