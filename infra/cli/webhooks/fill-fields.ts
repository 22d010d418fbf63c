import { describeValue } from '../../../functions/core/model/errors.ts';
import { suggestion } from '../../settings/checks/suggestion.ts';
import { UsageError } from '../usage-error.ts';
import type { SampleEvent, SampleEvents } from './sample-events/sample-event.ts';

/**
 * Puts values into a sample event.
 * @param given each `NAME=VALUE`: a variable that the source has, or the path of keys to anything else in the body
 * @returns the event with them; a value takes the type of what it replaces
 * @throws UsageError for one that is not of this form, or whose path leads through something else than objects and lists
 */
export function fillFields(
  { headers, body }: SampleEvent,
  fields: SampleEvents['fields'],
  given: readonly string[],
): SampleEvent {
  const filled: unknown = structuredClone(body);
  for (const each of given) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(each) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`Expected --field to be NAME=VALUE, got ${describeValue(each)}`);
    }
    refuseMisspelled(name, fields, filled);
    const paths = (Object.hasOwn(fields, name) ? fields[name] : undefined) ?? [name];
    const path = paths.find((path) => find(filled, path) !== undefined) ?? paths[0] ?? name;
    put(filled, path, value);
  }
  return { ...(headers !== undefined && { headers }), body: filled as object };
}

/** A misspelled variable would be written into the body, where no rule looks. */
function refuseMisspelled(name: string, fields: SampleEvents['fields'], body: unknown): void {
  if (name.length < 4 || name.includes('.') || Object.hasOwn(fields, name) || own(body, name) !== undefined)
    return;
  const near = suggestion(name, Object.keys(fields));
  if (near.startsWith(' (did you mean')) {
    throw new UsageError(`Unknown field ${describeValue(name)}${near}`);
  }
}

function find(value: unknown, path: string): unknown {
  return path.split('.').reduce(own, value);
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

function put(value: unknown, path: string, text: string): void {
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let owner = value;
  for (const key of keys) owner = inside(owner, key, path);
  define(owner, last, typed(text, find(owner, last)), path);
}

/** @returns what is under a key, which becomes an object where it is missing */
function inside(owner: unknown, key: string, path: string): unknown {
  const known = find(owner, key);
  if (typeof known === 'object' && known !== null) return known;
  const made = {};
  if (known === undefined || known === null) define(owner, key, made, path);
  else
    throw new UsageError(`Expected ${path} to lead through objects, but ${key} is ${describeValue(known)}`);
  return made;
}

function define(owner: unknown, key: string, value: unknown, path: string): void {
  if (Array.isArray(owner) && !/^\d{1,3}$/.test(key)) {
    throw new UsageError(`Expected ${path} to have a number where the list is, got ${describeValue(key)}`);
  }
  // A plain assignment would take `__proto__` for something else.
  Object.defineProperty(owner, key, { value, enumerable: true, writable: true, configurable: true });
}

function typed(text: string, replaced: unknown): unknown {
  if (typeof replaced === 'number' && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (typeof replaced === 'boolean' && /^(true|false)$/.test(text)) return text === 'true';
  return text;
}
