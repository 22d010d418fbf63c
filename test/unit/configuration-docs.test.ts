import { readFileSync } from 'node:fs';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type * as z from 'zod';
import type { Match, Purge, Rule } from '../../functions/core/mapping/rule.ts';
import type { Pages } from '../../functions/core/mapping/urls/pages.ts';
import { configFields, type PurgerConfig } from '../../infra/settings/purger-config.ts';
import { ruleSchema } from '../../infra/settings/rules/rule-schema.ts';
import { defaultSettings, type Settings, type settingsFields } from '../../infra/settings/settings.ts';
import { evaluate, rowsOf, sectionsOf } from '../helpers/markdown.ts';

/** A schema as far as this test looks into it. */
interface Schema {
  readonly def: {
    readonly type: string;
    readonly innerType?: Schema;
    readonly element?: Schema;
    readonly entries?: Readonly<Record<string, string>>;
  };
  readonly shape?: Readonly<Record<string, Schema>>;
  readonly minValue?: number | null;
  readonly maxValue?: number | null;
  readonly safeParse: (value: unknown) => { readonly success: boolean };
}

/** Every field of a schema by its path. Of a rule, which has its own table, only the name. */
function fieldsOf(schema: Schema, path = ''): readonly (readonly [string, Schema])[] {
  const { type, innerType, element } = schema.def;
  if (type === 'optional' && innerType) return fieldsOf(innerType, path);
  if (type === 'array' && element?.def.type === 'object' && path !== 'rules') {
    return fieldsOf(element, `${path}[]`);
  }
  if (schema.shape === undefined) return [[path, schema]];
  return Object.entries(schema.shape).flatMap(([name, each]) =>
    fieldsOf(each, path === '' ? name : `${path}.${name}`),
  );
}

const sections = sectionsOf(readFileSync('docs/configuration.md', 'utf8'), 2);
const textOf = (title: string) => sections.find(({ heading }) => heading.startsWith(title))?.text ?? '';

describe.each([
  ['The app', textOf('The app'), fieldsOf(configFields as unknown as Schema)],
  ['Rules', textOf('Rules').split('### ')[0] ?? '', fieldsOf(ruleSchema as unknown as Schema)],
] as const)('the table of %s', (_, text, fields) => {
  const rows = rowsOf(text).map(([name = '', what = '', byDefault = '', limit = '', example = '']) => ({
    name: name.replaceAll('`', ''),
    what,
    byDefault,
    limit,
    example: /^`(.*)`$/.exec(example)?.[1] ?? '',
  }));

  test('has a row for every field, and no other', () => {
    expect(rows.map(({ name }) => name).toSorted()).toEqual(fields.map(([name]) => name).toSorted());
  });

  test.each(rows)('$name has a default, a limit and an example that is valid', async (row) => {
    const schema = fields.find(([name]) => name === row.name)?.[1];
    expect([row.what, row.byDefault, row.limit, row.example]).not.toContain('');
    expect(schema?.safeParse(await evaluate(row.example))).toMatchObject({ success: true });
  });

  test.each(fields.filter(([, { minValue }]) => minValue != null))('%s states its limits', (name, schema) => {
    const { limit = '' } = rows.find((row) => row.name === name) ?? {};
    const [min, max] = [schema.minValue, schema.maxValue].map((value) => Number(value).toLocaleString('en'));
    expect(limit).toMatch(new RegExp(`^${min} to ${max}(,|$)`));
  });

  test.each(fields.filter(([, { def }]) => def.type === 'enum'))('%s states its values', (name, schema) => {
    const { limit = '' } = rows.find((row) => row.name === name) ?? {};
    const values = Object.values(schema.def.entries ?? {});
    expect(limit).toBe(values.map((value) => `\`${value}\``).join(', '));
  });

  test('states the defaults that the code fills in', () => {
    const defaults = Object.entries(defaultSettings).flatMap(([name, value]) =>
      typeof value === 'object'
        ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each] as const)
        : [[name, value] as const],
    );
    for (const [name, value] of defaults) {
      const row = rows.find((each) => each.name === name);
      if (row !== undefined && !Array.isArray(value))
        expect(row.byDefault.replaceAll('`', '')).toBe(value.toLocaleString('en'));
    }
  });
});

test('the schemas have the fields of the types', () => {
  type RuleShape = z.output<typeof ruleSchema>;
  expectTypeOf<keyof RuleShape>().toEqualTypeOf<keyof Rule>();
  expectTypeOf<keyof RuleShape['match']>().toEqualTypeOf<keyof Match>();
  expectTypeOf<keyof RuleShape['purge']>().toEqualTypeOf<keyof Purge>();
  expectTypeOf<keyof NonNullable<RuleShape['pages']>>().toEqualTypeOf<keyof Pages>();
  expectTypeOf<keyof typeof settingsFields>().toEqualTypeOf<keyof Settings>();
  expectTypeOf<keyof z.output<typeof configFields>>().toEqualTypeOf<keyof PurgerConfig>();
});
