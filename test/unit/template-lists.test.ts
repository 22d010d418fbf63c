import { describe, expect, it } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { compileUrlTemplate } from '../../functions/core/mapping/patterns/url-template.ts';
import { entryChange } from '../helpers/changes.ts';
import { shortly } from '../helpers/webhook-fixture.ts';

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

  it('leaves out the item that would widen a wildcard, says so, and purges the others', () => {
    const { map } = compileRules({
      target: 'production',
      rules: [
        {
          match: { source: 'contentful' },
          purge: { dirUrls: ['https://www.example.com/{+fields.paths.*}/*'] },
        },
      ],
    });
    const fields = { 'fields.paths.0': 'a', 'fields.paths.1': '/', 'fields.paths.2': 'b' };
    const { entries, problems } = map(entryChange({ fields }));
    expect(entries.map(shortly)).toEqual([
      'invalidate https://www.example.com/a/*',
      'invalidate https://www.example.com/b/*',
    ]);
    expect(problems).toMatchObject([{ reason: expect.stringContaining('is empty') }]);
  });
});
