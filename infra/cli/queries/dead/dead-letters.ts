import { entryText } from '../../../../functions/core/model/entry-text.ts';
import { groupBy } from '../../../../functions/core/model/group-by.ts';
import { readMessages } from '../../../../functions/core/model/messages/combined-messages.ts';
import { byteLength } from '../../../../functions/core/model/purge-message.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';
import type { ObjectChange } from '../../../../functions/core/model/types.ts';
import { eventInDeadLetter } from '../../../../functions/sources/s3/dead-letter-event.ts';
import { readS3Event } from '../../../../functions/sources/s3/read-s3-event.ts';
import { checkWords } from '../../parse-options.ts';
import { UsageError } from '../../usage-error.ts';

/** A message of the dead letter queue, as SQS delivers it. */
export interface DeadMessage {
  readonly id: string;
  /** When it was sent into its queue, in milliseconds. */
  readonly sentMs: number;
  readonly body: string;
  /** Message attributes, by name. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a dead letter is: see `docs/operations.md`. */
export type DeadLetterKind = 'rejected' | 'invalid-url' | 'unreadable' | 'crashed' | 's3-event';

/** A dead letter that was read. */
export interface DeadLetter {
  readonly id: string;
  /** ISO 8601. */
  readonly sentAt: string;
  readonly kind: DeadLetterKind;
  readonly reason: string;
  /** The URLs and patterns that were to be purged; none where the message is not a purge message. */
  readonly urls: readonly string[];
  /** CDN Pro's answer, where it refused. */
  readonly status?: number;
  readonly requestId?: string;
  /** The ID of the change that it came from, where it is one. */
  readonly change?: string;
  /** `submit` reads neither a purge message nor an event of S3 in it: a redrive would only bring it back. */
  readonly isUnreadable?: true;
  readonly body: string;
}

/** @returns what a message of the dead letter queue says; never throws */
export function readDeadLetter({ id, sentMs, body, attributes }: DeadMessage): DeadLetter {
  const common = { id, sentAt: new Date(sentMs).toISOString(), body };
  const json = recordOf(parsed(body));
  const parts = readMessages(body);
  const messages = parts.flatMap((part) => (part.kind === 'message' ? [part.message] : []));
  const [first] = messages;
  if (first !== undefined) {
    const { change } = first;
    const rejected = recordOf(json?.rejected);
    const { reason = attributes.reason, status, requestId } = rejected ?? {};
    return {
      ...common,
      kind: reason === undefined ? 'crashed' : 'rejected',
      reason: reason === undefined ? 'its consumer crashed each time that it was delivered' : String(reason),
      urls: messages.flatMap(({ entries }) => entries.map(entryText)),
      ...(typeof status === 'number' && { status }),
      ...(typeof requestId === 'string' && { requestId }),
      ...(change !== undefined && messages.length === 1 && { change: change.id }),
    };
  }
  const [unreadable] = parts.flatMap((part) => (part.kind === 'unreadable' ? [part.reason] : []));
  const { changes } = readS3Event(eventInDeadLetter(body));
  const readable = changes.length > 0 ? {} : ({ isUnreadable: true } as const);
  const { reason: refused } = recordOf(json?.rejected) ?? {};
  if (typeof refused === 'string') {
    const { id: change } = recordOf(json?.change) ?? {};
    const from = typeof change === 'string' ? { change } : {};
    return { ...common, kind: 'invalid-url', reason: refused, urls: [], ...from, ...readable };
  }
  if (changes.length === 0 && !isS3Event(json)) {
    const reason = attributes.reason ?? unreadable ?? '';
    return { ...common, kind: 'unreadable', reason, urls: [], ...readable };
  }
  const ofEvent = { ...common, ...changeOf(changes), urls: [], ...readable };
  if (attributes.reason === undefined) {
    return { ...ofEvent, kind: 's3-event', reason: s3Reason(json, attributes) };
  }
  // `receive-s3` gives the reason: of a change with a URL that is none, or of what it could not read, in its envelope.
  const kind = !isInEnvelope(json) ? 'invalid-url' : changes.length === 0 ? 'unreadable' : 's3-event';
  return { ...ofEvent, kind, reason: attributes.reason };
}

function changeOf(changes: readonly ObjectChange[]): Pick<DeadLetter, 'change'> {
  const [only, ...others] = changes;
  return only === undefined || others.length > 0 ? {} : { change: only.id };
}

function isInEnvelope(json: Record<string, unknown> | undefined): boolean {
  const records = Array.isArray(json?.Records) ? json.Records : [];
  return records.some((record) => recordOf(record)?.eventSource === 'aws:sqs');
}

/** What Lambda or EventBridge leaves: a record with the event, the event itself, or a notification. */
function isS3Event(json: Record<string, unknown> | undefined): boolean {
  return (
    json !== undefined && ['requestPayload', 'Records', 'detail'].some((field) => Object.hasOwn(json, field))
  );
}

function s3Reason(
  json: Record<string, unknown> | undefined,
  attributes: Readonly<Record<string, string>>,
): string {
  const { errorMessage } = recordOf(json?.responsePayload) ?? {};
  const { condition } = recordOf(json?.requestContext) ?? {};
  const told = [errorMessage, attributes.ERROR_MESSAGE, condition].find((each) => typeof each === 'string');
  return `receive-s3 could not process the event${told === undefined ? '' : `: ${told}`}`;
}

/** Which dead letters are meant; all of them where nothing is said. */
export interface DeadLetterFilter {
  /** Words that the reason has in it, in any case. */
  readonly reason?: string | undefined;
  /** The host of one of its URLs. */
  readonly host?: string | undefined;
}

/** @returns whether a dead letter is meant */
export function matchesDeadLetter({ reason, urls }: DeadLetter, filter: DeadLetterFilter): boolean {
  const { reason: words, host } = filter;
  if (words !== undefined && !reason.toLowerCase().includes(words.toLowerCase())) return false;
  return host === undefined || urls.some((url) => hostOf(url) === host.toLowerCase());
}

/** @throws UsageError where `--host` is not a host, which would fit nothing, or `--reason` is empty, which would fit all */
export function checkDeadLetterFilter({ reason, host }: DeadLetterFilter): void {
  checkWords('--reason', reason);
  if (host === undefined || /^[^\s:/?#@]+$/.test(host)) return;
  throw new UsageError(`Expected --host to be a host such as www.example.com, got "${host}"`);
}

/** @returns the hosts of their URLs, with the number of dead letters of each, the most frequent first */
export function countHosts(
  letters: readonly DeadLetter[],
): readonly (readonly [host: string, count: number])[] {
  const counts = new Map<string, number>();
  for (const { urls } of letters) {
    for (const host of new Set(urls.flatMap((url) => hostOf(url) ?? []))) {
      counts.set(host, (counts.get(host) ?? 0) + 1);
    }
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** Of a URL, or of a pattern, whose scheme may be `any`. */
function hostOf(url: string): string | undefined {
  return /^[a-z]+:\/\/([^/:?]+)/i.exec(url)?.[1]?.toLowerCase();
}

/** Dead letters with one reason. */
export interface DeadLetterGroup {
  /** The first one's; the others differ in what they quote. */
  readonly reason: string;
  /** How many reasons there are that differ so; missing for one. */
  readonly reasons?: number;
  readonly kind: DeadLetterKind;
  readonly count: number;
  /** When the oldest was sent; ISO 8601. */
  readonly since: string;
  readonly urls: readonly string[];
  /** The IDs of the changes of those that name no URL. */
  readonly changes: readonly string[];
  /** Those that name neither a URL nor a change, as what cannot be read. */
  readonly messages: readonly UnnamedMessage[];
}

/** What can be said of a message of which nothing else is known. */
export interface UnnamedMessage {
  /** SQS's ID. */
  readonly id: string;
  /** ISO 8601. */
  readonly sentAt: string;
  readonly bytes: number;
  /** The first characters of its body. */
  readonly begins: string;
}

/** So many characters of a body tell what it is. */
const mostBegins = 100;

/** @returns the dead letters by reason, the most frequent first */
export function groupDeadLetters(letters: readonly DeadLetter[]): readonly DeadLetterGroup[] {
  const groups = groupBy(letters, ({ kind, reason }) => `${kind} ${withoutQuotes(reason)}`);
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const since = group.reduce((oldest, { sentAt }) => (sentAt < oldest ? sentAt : oldest), first.sentAt);
      const urls = [...new Set(group.flatMap((letter) => letter.urls))];
      const withoutUrl = group.filter((letter) => letter.urls.length === 0);
      const changes = [...new Set(withoutUrl.flatMap(({ change }) => change ?? []))];
      const messages = withoutUrl.filter(({ change }) => change === undefined).map(unnamedMessage);
      const reasons = new Set(group.map(({ reason }) => reason)).size;
      return [
        {
          reason: first.reason,
          ...(reasons > 1 && { reasons }),
          kind: first.kind,
          count: group.length,
          since,
          urls,
          changes,
          messages,
        },
      ];
    })
    .sort((a, b) => b.count - a.count);
}

function unnamedMessage({ id, sentAt, body }: DeadLetter): UnnamedMessage {
  return { id, sentAt, bytes: byteLength(body), begins: body.slice(0, mostBegins) };
}

function withoutQuotes(reason: string): string {
  return reason.replace(/'[^']*'|"[^"]*"|https?:\/\/\S+/g, '…');
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
