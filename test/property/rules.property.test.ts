import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compileRules } from '../../functions/core/rules.ts';
import { objectChange } from '../helpers/changes.ts';

const rules = compileRules({
  target: 'production',
  rules: [{ match: { source: 's3', key: '{+path}' }, purge: { fileUrls: ['https://h.example/{+path}'] } }],
});

test('a URL decodes back to the key, and holds only what CDN Pro accepts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (key) => {
      const { entries, problems } = rules.map(objectChange(key));
      expect(problems).toEqual([]);
      const [entry] = entries;
      if (entry?.kind !== 'file') throw new Error('expected a file');
      const path = entry.url.slice('https://h.example/'.length);
      expect(decodeURIComponent(path)).toBe(key);
      expect(path).toMatch(/^(?:[A-Za-z0-9\-._~!$&'()+,;=:@/]|%[0-9A-F]{2})*$/);
    }),
    { numRuns: 2000 },
  );
});
