import { describeValue } from '../errors.ts';
import { groupBy } from '../group-by.ts';
import {
  byteLength,
  messageVersion,
  type PurgeMessage,
  parseBody,
  type ReadMessage,
  readJson,
  writeBody,
  writeInParts,
  writeMessage,
} from '../purge-message.ts';
import { isRecord } from '../record.ts';

/** The version of a purge message of several changes: purge messages that differ in change and entries alone. */
const combinedVersion = 2;

/** SQS bills a message by 64 KB: longer ones save nothing, and more comes again where one fails. */
const mostCombinedBytes = 64 * 1024;
/** By how much a combined message may be longer than its messages are together: its own fields. */
const ownFieldsBytes = 100;

/** The body of one SQS message. */
export interface WrittenMessage {
  readonly body: string;
  /** Which of the given messages it has entries of. */
  readonly indices: readonly number[];
}

/**
 * Writes messages in few bodies: in a combined one, `changes` says of each change how many of the `entries` are its own,
 * in order. What shares its body with no other is written in version 1.
 * @returns the bodies; none for a message without entries
 */
export function writeMessages(messages: readonly PurgeMessage[]): readonly WrittenMessage[] {
  const numbered = messages.map((message, index) => ({ message, index }));
  const asked = numbered.filter(({ message }) => message.entries.length > 0);
  return [...groupBy(asked, optionsOf).values()].flatMap(chunksOf).flatMap(writeTogether);
}

interface NumberedMessage {
  readonly message: PurgeMessage;
  readonly index: number;
}

/** What a combined message has once. One without a change stays alone. */
function optionsOf({ message, index }: NumberedMessage): string {
  const { v: _, change, entries: __, ...options } = message;
  return change === undefined ? String(index) : JSON.stringify(Object.entries(options).sort());
}

function chunksOf(messages: readonly NumberedMessage[]): readonly (readonly NumberedMessage[])[] {
  const chunks: NumberedMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const each of messages) {
    const size = byteLength(writeMessage(each.message));
    bytes += size;
    if (bytes > mostCombinedBytes) {
      chunks.push([each]);
      bytes = size + ownFieldsBytes;
    } else chunks.at(-1)?.push(each);
  }
  return chunks;
}

function writeTogether(numbered: readonly NumberedMessage[]): readonly WrittenMessage[] {
  const indices = numbered.map(({ index }) => index);
  const [first, ...others] = numbered.map(({ message }) => message);
  if (first === undefined) return [];
  if (others.length === 0) return writeInParts(first).map((body) => ({ body, indices }));
  const { v: _, change: __, entries: ___, ...options } = first;
  const messages = [first, ...others];
  const body = writeBody({
    v: combinedVersion,
    ...options,
    changes: messages.map(({ change, entries }) => ({ ...change, entries: entries.length })),
    entries: messages.flatMap(({ entries }) => entries),
  });
  return [{ body, indices }];
}

/** A message of a body, or a part of the body that cannot be read, as a body of its own. */
export type ReadPart =
  | Extract<ReadMessage, { kind: 'message' }>
  | (Extract<ReadMessage, { kind: 'unreadable' }> & { readonly body: string });

/** @returns the messages in a body of any version; what of it cannot be read hurts no other. Never throws */
export function readMessages(body: string): readonly ReadPart[] {
  const parsed = parseBody(body);
  if (!('json' in parsed)) return [{ ...parsed, body }];
  const { json } = parsed;
  if (!isCombined(json)) return [readPart(json, body)];
  const parts = split(json);
  return 'reason' in parts ? [{ ...parts, body }] : parts.map((part) => readPart(part));
}

function readPart(json: unknown, body?: string): ReadPart {
  const read = readJson(json);
  return read.kind === 'message' ? read : { ...read, body: body ?? writeBody(Object(json)) };
}

interface CombinedJson extends Record<string, unknown> {
  readonly changes: readonly unknown[];
  readonly entries: readonly unknown[];
}

/** Whether a body says which entries are whose; where it does not, all are of its newest change. */
function isCombined(json: unknown): json is CombinedJson {
  return (
    isRecord(json) &&
    json.v === combinedVersion &&
    Array.isArray(json.entries) &&
    Array.isArray(json.changes) &&
    json.changes.some((change) => isRecord(change) && Object.hasOwn(change, 'entries'))
  );
}

type Unreadable = Extract<ReadMessage, { kind: 'unreadable' }>;

/** @returns the bodies in version 1 that a combined one consists of */
function split({ changes, entries, ...options }: CombinedJson): readonly object[] | Unreadable {
  const parts: object[] = [];
  let next = 0;
  for (const [index, value] of changes.entries()) {
    const { entries: count, ...change } = isRecord(value) ? value : {};
    if (!isCount(count)) return unreadable(`\`changes[${index}].entries\``, 'a number of entries', count);
    parts.push({ ...options, v: messageVersion, change, entries: entries.slice(next, next + count) });
    next += count;
  }
  if (next === entries.length) return parts;
  return unreadable('`entries`', `a list of ${next}, as \`changes\` says`, entries);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function unreadable(what: string, expected: string, got: unknown): Unreadable {
  return { kind: 'unreadable', reason: `Expected ${what} to be ${expected}, got ${describeValue(got)}` };
}
