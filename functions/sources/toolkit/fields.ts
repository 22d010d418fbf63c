import { isRecord } from '../../core/model/record.ts';
import type { FieldValue } from '../../core/model/types.ts';
import { DeliveryBudget, deliveryLimits } from './limits.ts';
import type { JsonObject } from './payload.ts';

/** How much of one entry becomes fields. What lies beyond is of no use in a URL, and has to stay cheap to skip. */
export const fieldLimits = {
  /** Fields in all. */
  count: 2000,
  /** Parts of a name after `fields.`: `fields.seo.path` has two. */
  depth: 4,
  /** Characters of one key; a longer one is skipped with all that it holds. */
  keyLength: 100,
  /** Values looked at, whether or not they become fields. */
  visits: 10_000,
} as const;

/** Fields that most URLs are built from: they also get a short name, `{slug}`. */
const wellKnown = ['slug', 'url', 'path'] as const;

interface Branch {
  readonly prefix: string;
  readonly depth: number;
  readonly value: JsonObject | readonly unknown[];
}

/** The fields of an entry. */
export interface FlattenedFields {
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** Whether an object or a list was left out, since the entry has more than {@link fieldLimits}. */
  readonly isCut: boolean;
}

/**
 * The scalar fields of an entry under the names that templates use: every one under its dotted path
 * (`fields.category`, `fields.seo.path`, `fields.tags.0`), and `slug`, `url` and `path` under their own name as well.
 * Shallow fields come first, so that a large rich text does not push a slug over {@link fieldLimits}. An object or a list
 * is flattened whole, or left out.
 * @param entry the fields by name, with locales resolved
 * @param metadata what a source tells in addition to the fields: `environment`
 * @returns an object without a prototype, so that `{constructor}` and `{__proto__}` are fields or nothing
 */
export function flattenFields(
  entry: JsonObject,
  metadata: Readonly<Record<string, FieldValue | undefined>> = {},
  budget = new DeliveryBudget(),
): FlattenedFields {
  const fields: Record<string, FieldValue> = Object.create(null);
  for (const [name, value] of Object.entries(metadata)) {
    const scalar = value === '' ? undefined : scalarOf(value);
    if (scalar !== undefined) fields[name] = scalar;
  }
  for (const name of wellKnown) {
    const value = scalarOf(Object.hasOwn(entry, name) ? entry[name] : undefined);
    if (value !== undefined) fields[name] = value;
  }
  const isCut = collect(entry, fields, budget);
  budget.spend('fields', Object.keys(fields).length);
  return { fields, isCut };
}

/** @returns whether anything was left out */
function collect(entry: JsonObject, fields: Record<string, FieldValue>, budget: DeliveryBudget): boolean {
  const branches: Branch[] = [{ prefix: 'fields', depth: 0, value: entry }];
  let visits = 0;
  let count = 0;
  let isCut = false;
  // The list grows while it is read: this is what makes the walk go level by level.
  for (const { prefix, depth, value } of branches) {
    const keys = Object.keys(value);
    budget.spend('visits', keys.length);
    visits += keys.length;
    if (visits > fieldLimits.visits || count >= fieldLimits.count) {
      isCut ||= keys.length > 0;
      visits -= keys.length;
      continue;
    }
    for (const key of keys) {
      if (key.length > fieldLimits.keyLength) continue;
      const name = `${prefix}.${key}`;
      const child = (value as JsonObject)[key];
      const scalar = scalarOf(child);
      if (scalar !== undefined && !(name in fields)) {
        fields[name] = scalar;
        count += 1;
      } else if (isBranch(child) && depth + 1 < fieldLimits.depth) {
        branches.push({ prefix: name, depth: depth + 1, value: child });
      }
    }
  }
  return isCut;
}

function isBranch(value: unknown): value is JsonObject | readonly unknown[] {
  return isRecord(value) || Array.isArray(value);
}

function scalarOf(value: unknown): FieldValue | undefined {
  if (typeof value === 'string') return value.length <= deliveryLimits.stringLength ? value : undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'boolean' ? value : undefined;
}
