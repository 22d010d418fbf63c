import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import { explain } from '../../infra/cli/explain/explain.ts';
import { explainMany } from '../../infra/cli/explain/many/explain-many.ts';
import { groupObjects } from '../../infra/cli/explain/many/group-objects.ts';
import { purgerOfSettings } from '../../infra/cli/explain/purger/explained-purger.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { objectChange } from '../helpers/changes.ts';

const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });

const anyRule = fc
  .record({
    match: fc.record({
      source: fc.constant('s3'),
      key: fc.constantFrom('a/{+path}', 'b/{+path}', '{+path}'),
    }),
    except: optional(fc.constant('{+any}.map')),
    purge: fc.record({
      fileUrls: fc.subarray(['https://h.example/{+path}', 'https://i.example/list'], { minLength: 1 }),
      dirUrls: optional(fc.constant(['https://h.example/b/**'])),
    }),
    repeatAfterSeconds: optional(fc.constant(60)),
  })
  .map((rule) => JSON.parse(JSON.stringify(rule)) as Rule);
const anyKey = fc
  .tuple(
    fc.constantFrom('a/', 'b/', 'c/', 'a/../'),
    fc.constantFrom('x/', ''),
    fc.nat(9),
    fc.constantFrom('.html', '.map', ''),
  )
  .map((parts) => parts.join(''));

test('many objects are explained as each of them is, and cost what they cost together', () => {
  fc.assert(
    fc.property(
      fc.array(anyRule, { minLength: 1, maxLength: 3 }),
      fc.uniqueArray(anyKey, { maxLength: 30 }),
      fc.constantFrom<'url' | 'request'>('url', 'request'),
      (rules, keys, tokenUnit) => {
        const settings = checkSettings({ target: 'production', rules, tokenUnit });
        const purger = {
          ...purgerOfSettings(settings),
          watched: [{ bucket: 'site', prefix: 'a' }, { prefix: 'b' }],
        };
        const changes = keys.map((key) => objectChange(key));
        const many = explainMany(changes, purger);
        const each = explain({ changes, remarks: [] }, purger);
        const { tokens, secondPurge, requests } = each;
        expect(many).toMatchObject({ objects: keys.length, tokens, secondPurge, requests });
        const idsWhere = (is: (explained: (typeof each.changes)[number]) => boolean) =>
          each.changes.filter(is).map(({ change }) => change.id);
        const arrives = ({ notWatched }: (typeof each.changes)[number]) => notWatched === undefined;
        expect(many.notWatched.flatMap(({ objects }) => objects)).toEqual(idsWhere((one) => !arrives(one)));
        expect([...many.unmatched, ...many.excepted].toSorted()).toEqual(
          idsWhere((one) => arrives(one) && one.mapping.rules.length === 0).toSorted(),
        );
        expect(many.purged).toBe(idsWhere((one) => arrives(one) && one.mapping.entries.length > 0).length);
        const problems = each.changes.filter(arrives).flatMap(({ mapping }) => mapping.problems);
        expect(many.refused).toHaveLength(problems.length);
      },
    ),
    { numRuns: 100 },
  );
});

test('groups of objects have each object once, under a name that fits it, and are few', () => {
  const object = fc
    .tuple(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd.e'), { maxLength: 4 }),
      fc.nat(5),
      fc.constantFrom('.x', '.y.z', ''),
    )
    .map(([folders, file, extension]) => ['s3://bucket', ...folders, `${file}${extension}`].join('/'));
  fc.assert(
    fc.property(
      fc.uniqueArray(object, { maxLength: 60 }),
      fc.integer({ min: 6, max: 20 }),
      (objects, most) => {
        const groups = groupObjects(objects, most);
        expect(groups.flatMap((group) => group.objects).toSorted()).toEqual(objects.toSorted());
        expect(groups.length).toBeLessThanOrEqual(most);
        for (const { name, objects } of groups) {
          const glob = name
            .replaceAll('.', '\\.')
            .replace('**/', '(?:.+/)')
            .replace(/\*(?=[^/]*$)/, '[^/]*');
          for (const each of objects) expect(each).toMatch(new RegExp(`^${glob}$`));
        }
      },
    ),
    { numRuns: 100 },
  );
});
