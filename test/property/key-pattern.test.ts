import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesFilter } from '../../functions/core/model/objects/object-filter.ts';
import { keyPattern } from '../../infra/pipeline/s3/key-pattern.ts';
import { compileEventPattern } from '../../local/aws/s3-events/event-pattern.ts';

/** Few letters, so that prefixes and suffixes often overlap and keys often fit. */
const text = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', '/', '*', '\\'), minLength, maxLength });
const optional = fc.option(text(1, 4), { nil: undefined });

/** Keys that begin and end as wanted, with or without something between, and others. */
const cases = fc.tuple(optional, optional).chain(([prefix, suffix]) => {
  const [start, end] = [prefix ?? '', suffix ?? ''];
  const joined = fc.nat(Math.min(start.length, end.length)).map((shared) => start + end.slice(shared));
  const apart = text(0, 3).map((middle) => start + middle + end);
  return fc.record({
    keys: fc.constant({
      ...(prefix === undefined ? {} : { prefix }),
      ...(suffix === undefined ? {} : { suffix }),
    }),
    key: fc.oneof(joined, apart, text(0, 6)),
  });
});

it('the rule of EventBridge lets those keys pass that are watched, and no others', () => {
  const seen = { watched: 0, overlapping: 0, others: 0 };
  fc.assert(
    fc.property(cases, ({ keys, key }) => {
      const watched = matchesFilter({ bucket: 'www', key }, [keys]);
      const pattern = keyPattern(keys);
      const { prefix = '', suffix = '' } = keys;
      if (!watched) seen.others++;
      else if (key.length < prefix.length + suffix.length) seen.overlapping++;
      else seen.watched++;
      expect(compileEventPattern(pattern === undefined ? {} : { key: pattern })({ key })).toBe(watched);
    }),
    { numRuns: 10_000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100);
});
