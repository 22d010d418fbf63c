import { describeValue } from './errors.ts';
import { maxJsonDepth, maxJsonValues, parseLimitedJson } from './limited-json.ts';
import { isRecord } from './record.ts';
import { readShows } from './shows.ts';
import type { Header, Lane, OriginChange, PurgeEntry, Scope } from './types.ts';

/** The version of a purge message of one change. `messages/combined-messages.ts` has version 2, of several changes. */
export const messageVersion = 1;

/** The largest SQS message, in bytes (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). */
export const maxMessageBytes = 1024 * 1024;

/** A change names so many of its rules, and so many characters of each: it goes along with each of its URLs. */
const mostRules = 10;
const mostOfName = 100;

/** Where entries came from, for logs and for readers of the dead letter queue. */
export interface ChangeReference {
  readonly source: string;
  readonly webhook?: string;
  readonly action: string;
  readonly id: string;
  readonly occurredAt: string;
  /** The names of the rules that the change has matched; only the first ones where they are many. */
  readonly rules?: readonly string[];
  /** The ARN of who purged by hand. */
  readonly by?: string;
  /** S3's order of the changes of one object, see {@link import('./types.ts').ObjectChange}. */
  readonly sequencer?: string;
}

/** Why entries will never be accepted. */
export interface Rejection {
  readonly reason: string;
  /** HTTP status of CDN Pro's answer, where CDN Pro refused. */
  readonly status?: number;
  /** `x-cnc-request-id` of that answer. */
  readonly requestId?: string;
  readonly rejectedAt: string;
}

/** The body of one SQS message. Written by the receivers, read by `submit`; by hand, `v` and `entries` are enough. */
export interface PurgeMessage {
  readonly v: typeof messageVersion;
  readonly change?: ChangeReference;
  readonly entries: readonly PurgeEntry[];
  /** Who goes first, where that is decided already. */
  readonly lane?: Lane;
  /** When the oldest change of the entries happened, in milliseconds, where it is older than `change`. */
  readonly since?: number;
  /** When the entries were released, in milliseconds, where they had waited for tokens of the day. */
  readonly released?: number;
  /** A purge by prefix that no user asked for, since a source could not say what changed. */
  readonly byPrefix?: true;
  /** The number of a repair: the entries are purged again since a purge of them was incomplete or lost. */
  readonly repair?: number;
  /** The ID of a purge that had completed: its files are purged once more, since an edge may have fetched old content again. */
  readonly repeats?: string;
  /** A rule has the entries purged once more: a message with a longer delay has them, too. */
  readonly scheduledAgain?: true;
  /** Only in the journal: so many of the entries, the last ones, were not named in the request, since others cover them. */
  readonly covered?: number;
  /** How often CDN Pro has given no verdict on the entries. */
  readonly tries?: number;
  /** Only in the dead letter queue; `submit` ignores it, so that a redriven message is simply tried again. */
  readonly rejected?: Rejection;
}

/**
 * @param rules the names of those that the change has matched
 * @returns what a message says of the change it came from
 */
export function referenceTo(change: OriginChange, rules: readonly string[] = []): ChangeReference {
  const { source, action, id, occurredAt } = change;
  return {
    source,
    ...('webhook' in change ? { webhook: change.webhook } : {}),
    action,
    id,
    occurredAt,
    ...(rules.length > 0 && { rules: rules.slice(0, mostRules).map((name) => name.slice(0, mostOfName)) }),
    ...('sequencer' in change && change.sequencer !== undefined ? { sequencer: change.sequencer } : {}),
  };
}

/**
 * Writes a message's body. Code points that SQS refuses and JSON leaves plain are escaped.
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
export function writeMessage(message: PurgeMessage): string {
  return writeBody(message);
}

/** Writes a body as {@link writeMessage} does, whatever it holds. */
export function writeBody(value: object): string {
  return JSON.stringify(value).replace(/[\ufffe\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

/**
 * Writes a message's body, or several where its entries are too many for one.
 * @param maxBytes most bytes (UTF-8) of one body, at most {@link maxMessageBytes}
 * @returns the bodies; none where there are no entries
 */
export function writeInParts(message: PurgeMessage, maxBytes = maxMessageBytes): readonly string[] {
  const { entries } = message;
  if (entries.length === 0) return [];
  const body = writeMessage(message);
  if (byteLength(body) <= maxBytes || entries.length === 1) return [body];
  const half = Math.ceil(entries.length / 2);
  return [entries.slice(0, half), entries.slice(half)].flatMap((part) =>
    writeInParts({ ...message, entries: part }, maxBytes),
  );
}

const encoder = new TextEncoder();

/** @returns a string's length in bytes of UTF-8 */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** A body that was read: a message, or why it is not one. */
export type ReadMessage =
  | { readonly kind: 'message'; readonly message: PurgeMessage }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A body that was parsed, or why it is not JSON. */
type ParsedBody = { readonly json: unknown } | { readonly kind: 'unreadable'; readonly reason: string };

const wantedJson = {
  'not-json': 'a purge message in JSON',
  'too-deep': `a purge message of at most ${maxJsonDepth} levels`,
  'too-many-values': `a purge message of at most ${maxJsonValues} values`,
};

/** Parses a message's body, which may be hostile. Never throws. */
export function parseBody(body: string): ParsedBody {
  const parsed = parseLimitedJson(body);
  return parsed.kind === 'parsed'
    ? { json: parsed.value }
    : { kind: 'unreadable', reason: `Expected ${wantedJson[parsed.kind]}, got ${describeValue(body)}` };
}

/** Reads a message's body, all entries of one with several changes as those of the newest; see {@link readJson}. */
export function readMessage(body: string): ReadMessage {
  const parsed = parseBody(body);
  return 'json' in parsed ? readJson(parsed.json) : parsed;
}

/** Reads a parsed body. Never throws: the reason names the field, what was expected and what came. */
export function readJson(json: unknown): ReadMessage {
  if (!isRecord(json)) return unreadable('the message', 'an object', json);
  if (json.v !== messageVersion && json.v !== 2) return unreadable('`v`', '1 or 2', json.v);
  if (!Array.isArray(json.entries)) return unreadable('`entries`', 'a list', json.entries);
  const entries: PurgeEntry[] = [];
  for (const [index, value] of json.entries.entries()) {
    const entry = readEntry(value, `entries[${index}]`);
    if (entry.kind === 'unreadable') return entry;
    entries.push(entry.entry);
  }
  if (entries.length === 0 && isRecord(json.rejected)) {
    return { kind: 'unreadable', reason: `No valid URL, publish it again: ${String(json.rejected.reason)}` };
  }
  return { kind: 'message', message: { v: messageVersion, ...readOptions(json), entries } };
}

/** What a message may say in whole numbers. */
const numbers = ['since', 'released', 'repair', 'covered', 'tries'] as const;

/** Reads what a message may say in addition; what is not understood is left out. */
function readOptions(json: Record<string, unknown>): Partial<PurgeMessage> {
  const { lane, byPrefix, repeats, scheduledAgain } = json;
  // Version 2 has its changes from the oldest to the newest.
  const change = readChange(Array.isArray(json.changes) ? json.changes.at(-1) : json.change);
  return {
    ...(change !== undefined && { change }),
    ...((lane === 'takedown' || lane === 'people' || lane === 'bulk') && { lane }),
    ...(byPrefix === true && { byPrefix }),
    ...(typeof repeats === 'string' && { repeats }),
    ...(scheduledAgain === true && { scheduledAgain }),
    ...Object.fromEntries(
      numbers.flatMap((name) => (Number.isSafeInteger(json[name]) ? [[name, json[name]]] : [])),
    ),
  };
}

type ReadEntry =
  | { readonly kind: 'entry'; readonly entry: PurgeEntry }
  | { readonly kind: 'unreadable'; readonly reason: string };

function readEntry(value: unknown, path: string): ReadEntry {
  if (!isRecord(value)) return unreadable(`\`${path}\``, 'an object', value);
  const { kind, target, action = 'invalidate', webhook } = value;
  if (target !== 'production' && target !== 'staging') {
    return unreadable(`\`${path}.target\``, '"production" or "staging"', target);
  }
  if (action !== 'invalidate' && action !== 'delete') {
    return unreadable(`\`${path}.action\``, '"invalidate" or "delete"', action);
  }
  if (webhook !== undefined && typeof webhook !== 'string') {
    return unreadable(`\`${path}.webhook\``, 'a webhook ID', webhook);
  }
  const scope: Scope = { target, action, ...(webhook === undefined ? {} : { webhook }) };
  switch (kind) {
    case 'file':
      return readFileEntry(value, path, scope);
    case 'dir':
      if (typeof value.url !== 'string') return unreadable(`\`${path}.url\``, 'a URL', value.url);
      return { kind: 'entry', entry: { kind, url: value.url, ...scope } };
    case 'regex':
      if (typeof value.pattern !== 'string') {
        return unreadable(`\`${path}.pattern\``, 'a regular expression', value.pattern);
      }
      return { kind: 'entry', entry: { kind, pattern: value.pattern, ...scope } };
    default:
      return unreadable(`\`${path}.kind\``, '"file", "dir" or "regex"', kind);
  }
}

function readFileEntry(value: Record<string, unknown>, path: string, scope: Scope): ReadEntry {
  const { url, headers } = value;
  const shows = readShows(value.shows);
  const own = { ...scope, ...(shows !== undefined && { shows }) };
  if (typeof url !== 'string') return unreadable(`\`${path}.url\``, 'a URL', url);
  if (headers === undefined) return { kind: 'entry', entry: { kind: 'file', url, ...own } };
  if (!Array.isArray(headers) || !headers.every(isHeader)) {
    return unreadable(`\`${path}.headers\``, 'a list of {name, value}', headers);
  }
  const set = headers.map(({ name, value }) => ({ name, value }));
  return { kind: 'entry', entry: { kind: 'file', url, headers: set, ...own } };
}

function readChange(value: unknown): ChangeReference | undefined {
  if (!isRecord(value)) return undefined;
  const { source, webhook, action, id, occurredAt, rules, by, sequencer } = value;
  const required = [source, action, id, occurredAt];
  if (!required.every((value) => typeof value === 'string')) return undefined;
  return {
    source: String(source),
    ...(typeof webhook === 'string' ? { webhook } : {}),
    action: String(action),
    id: String(id),
    occurredAt: String(occurredAt),
    ...(isNames(rules) ? { rules } : {}),
    ...(typeof by === 'string' ? { by } : {}),
    ...(typeof sequencer === 'string' ? { sequencer } : {}),
  };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function isHeader(value: unknown): value is Header {
  return isRecord(value) && typeof value.name === 'string' && typeof value.value === 'string';
}

function unreadable(what: string, expected: string, got: unknown): { kind: 'unreadable'; reason: string } {
  return { kind: 'unreadable', reason: `Expected ${what} to be ${expected}, got ${describeValue(got)}` };
}
