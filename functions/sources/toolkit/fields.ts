import { isRecord } from '../../core/model/record.ts';
import type { FieldValue } from '../../core/model/types.ts';
import type { JsonObject } from './payload.ts';

/** How much of a payload becomes fields. What lies beyond is of no use in a URL, and must stay cheap to skip. */
export const fieldLimits = {
  /** Fields in all. */
  count: 200,
  /** Parts of a name after `fields.`: `fields.seo.path` has two. */
  depth: 4,
  /** Items of one list. */
  items: 20,
  /** Characters of one key; a longer one is skipped with all that it holds. */
  keyLength: 100,
  /** Characters of one string: no URL has room for more. */
  valueLength: 2048,
  /** Values looked at, whether or not they become fields. */
  visits: 5000,
} as const;

/** Fields that most URLs are built from: they also get a short name, `{slug}`. */
const wellKnown = ['slug', 'url', 'path'] as const;

interface Branch {
  readonly prefix: string;
  readonly depth: number;
  readonly value: JsonObject | readonly unknown[];
}

/**
 * The scalar fields of an entry under the names that templates use: every one under its dotted path
 * (`fields.category`, `fields.seo.path`, `fields.tags.0`), and `slug`, `url` and `path` under their own name as well.
 * Shallow fields come first, so that a large rich text does not push a slug over {@link fieldLimits}.
 * @param entry the fields by name, with locales resolved
 * @param metadata what a source tells in addition to the fields: `environment`
 * @returns an object without a prototype, so that `{constructor}` and `{__proto__}` are fields or nothing
 */
export function flattenFields(
  entry: JsonObject,
  metadata: Readonly<Record<string, FieldValue>> = {},
): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = Object.assign(Object.create(null), metadata);
  for (const name of wellKnown) {
    const value = scalarOf(Object.hasOwn(entry, name) ? entry[name] : undefined);
    if (value !== undefined) fields[name] = value;
  }
  collect(entry, fields);
  return fields;
}

function collect(entry: JsonObject, fields: Record<string, FieldValue>): void {
  const branches: Branch[] = [{ prefix: 'fields', depth: 0, value: entry }];
  let visits = 0;
  let count = Object.keys(fields).length;
  // The list grows while it is read: this is what makes the walk go level by level.
  for (const { prefix, depth, value } of branches) {
    for (const [key, child] of childrenOf(value)) {
      visits += 1;
      if (count >= fieldLimits.count || visits > fieldLimits.visits) return;
      if (key.length > fieldLimits.keyLength) continue;
      const name = `${prefix}.${key}`;
      const scalar = scalarOf(child);
      if (scalar !== undefined && !(name in fields)) {
        fields[name] = scalar;
        count += 1;
      } else if (isBranch(child) && depth + 1 < fieldLimits.depth) {
        branches.push({ prefix: name, depth: depth + 1, value: child });
      }
    }
  }
}

function childrenOf(value: JsonObject | readonly unknown[]): Iterable<readonly [string, unknown]> {
  if (isList(value)) {
    return value.slice(0, fieldLimits.items).map((item, index) => [String(index), item] as const);
  }
  return Object.entries(value);
}

function isBranch(value: unknown): value is JsonObject | readonly unknown[] {
  return isRecord(value) || Array.isArray(value);
}

function isList(value: JsonObject | readonly unknown[]): value is readonly unknown[] {
  return Array.isArray(value);
}

function scalarOf(value: unknown): FieldValue | undefined {
  if (typeof value === 'string') return value.length <= fieldLimits.valueLength ? value : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
