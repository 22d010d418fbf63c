import { describeValue } from '../../core/model/errors.ts';
import { parseLimitedJson } from '../../core/model/limited-json.ts';
import { isRecord } from '../../core/model/record.ts';
import type { Malformed } from '../webhook-source.ts';
import { deliveryLimits } from './limits.ts';

/** An object as JSON.parse makes it: a key such as `__proto__` is its own, so read it with {@link valueAt}. */
export type JsonObject = Readonly<Record<string, unknown>>;

const maxMessageLength = 300;

/** A parsed string, or what is wrong with it. */
type ParsedJson = { readonly kind: 'parsed'; readonly value: unknown } | Malformed;

/** A parsed body, or what is wrong with it. */
export type ParsedObject = { readonly kind: 'parsed'; readonly value: JsonObject } | Malformed;

/** Parses a body that has to be a JSON object in strict UTF-8; a byte order mark is allowed. Never throws. */
export function parseJsonObject(
  bytes: Uint8Array,
  maxValues: number = deliveryLimits.bodyValues,
): ParsedObject {
  if (bytes.length === 0) return malformed('Expected the body to be JSON, got nothing');
  const text = decodeUtf8(bytes);
  if (text === undefined) {
    return malformed(`Expected the body to be UTF-8, got ${bytes.length} bytes that are not`);
  }
  const parsed = parseJsonText(text, 'the body', maxValues);
  if (parsed.kind === 'malformed') return parsed;
  const { value } = parsed;
  return isRecord(value)
    ? { kind: 'parsed', value }
    : malformed(`Expected the body to be a JSON object, got ${describeValue(value)}`);
}

const parsedBodies = new WeakMap<Uint8Array, ParsedObject>();

/** Parses the body of a request, once for its verification and its reading. Never throws. */
export function parseBody(body: Uint8Array, maxValues?: number): ParsedObject {
  const parsed = parsedBodies.get(body) ?? parseJsonObject(body, maxValues);
  parsedBodies.set(body, parsed);
  return parsed;
}

/**
 * Parses JSON within {@link deliveryLimits}, see {@link parseLimitedJson}. Never throws.
 * @param what names the string in the message: `the body`
 */
export function parseJsonText(
  text: string,
  what: string,
  maxValues: number = deliveryLimits.bodyValues,
): ParsedJson {
  const parsed = parseLimitedJson(text, maxValues);
  switch (parsed.kind) {
    case 'parsed':
      return parsed;
    case 'too-deep':
      return malformed(`Expected ${what} to nest at most ${deliveryLimits.depth} levels, got more`);
    case 'too-many-values':
      return {
        ...malformed(`Expected ${what} to hold at most ${maxValues} values, got more`),
        isTooLarge: true,
      };
    case 'not-json':
      return malformed(`Expected ${what} to be JSON, got ${text.length} characters that are not`);
  }
}

/** The malformed reading for a field that is not as the source sends it. */
export function unexpected(field: string, wanted: string, value: unknown): Malformed {
  return malformed(`Expected \`${field}\` to be ${wanted}, got ${describeValue(value)}`);
}

/** The value at a path of keys; undefined as soon as a step is not an object or lacks the key. */
export function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let current = value;
  for (const key of path) {
    if (!isRecord(current) || !Object.hasOwn(current, key)) return undefined;
    current = current[key];
  }
  return current;
}

/** The value at a path of keys if it is a string that is not empty, and no longer than {@link deliveryLimits} allows. */
export function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  return stringOf(valueAt(value, ...path));
}

/** The value itself if it is a string that is not empty, and no longer than {@link deliveryLimits} allows. */
export function stringOf(value: unknown): string | undefined {
  const isRead = typeof value === 'string' && value !== '' && value.length <= deliveryLimits.stringLength;
  return isRead ? value : undefined;
}

/** The string or the number, as a string, at a path of keys: what ids are. */
export function idAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === 'number' && Number.isFinite(found) ? String(found) : stringAt(value, ...path);
}

/** The list at a path of keys; empty for anything else. */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The object at a path of keys; empty for anything else. */
export function objectAt(value: unknown, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, ...path);
  return isRecord(found) ? found : {};
}

function malformed(message: string): Malformed {
  const short = message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}...` : message;
  return { kind: 'malformed', message: short };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
