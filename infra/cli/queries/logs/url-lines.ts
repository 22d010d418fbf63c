import { recordOf } from '../../../../functions/core/model/record.ts';
import { enqueueEvents, s3Events, webhookEvents } from '../../../../functions/lambda/log-events.ts';

/** A line of a function's log. */
export interface RawLine {
  readonly atMs: number;
  readonly text: string;
}

/** A line that names a URL, or an object that it may come from. */
export interface UrlLine {
  /** ISO 8601. */
  readonly at: string;
  /** The function that has logged it. */
  readonly by: string;
  readonly message: string;
  /** What of the line says most: the change, the reason, the error. */
  readonly about?: string;
}

/** What receivers have left out or refused, of whatever URL: lines of one message. */
export interface LeftOut {
  readonly message: string;
  readonly count: number;
  readonly lastAt: string;
  /** What the last one is about. */
  readonly about?: string;
}

/** What the logs have of a URL. */
export interface UrlLines {
  /** From when on they were read; ISO 8601. */
  readonly since: string;
  /** Whether that is as far as was asked for: where it is not, there was too much to read. */
  readonly isComplete: boolean;
  /** The newest first. */
  readonly lines: readonly UrlLine[];
  readonly leftOut: readonly LeftOut[];
}

const unprocessed: ReadonlySet<string> = new Set([
  enqueueEvents.changeUnmatched,
  enqueueEvents.changeExcepted,
  enqueueEvents.changeNotQueued,
  enqueueEvents.changeUnpurgeable,
  enqueueEvents.urlInvalid,
  s3Events.eventIgnored,
  s3Events.changesFiltered,
  s3Events.changeUnchanged,
  s3Events.recordNotUnderstood,
  webhookEvents.notProcessed,
  webhookEvents.notQueued,
  webhookEvents.unverified,
  webhookEvents.malformed,
  webhookEvents.unknownOrTooLarge,
  webhookEvents.ignored,
  webhookEvents.seenBefore,
]);

/** What those messages begin with or have in them: a pattern has no room for the whole of each. */
export const leftOutTerms: readonly string[] = [
  enqueueEvents.changeUnmatched,
  'left out by an exception',
  'change not queued',
  enqueueEvents.urlInvalid,
  s3Events.eventIgnored,
  'changes ignored',
  'change ignored',
  'record not understood',
  'webhook not processed',
  'webhook not queued',
  'webhook refused',
  'webhook ignored',
];

/** A filter pattern has at most so many characters (the API reference of `FilterLogEvents`), and some are between terms. */
const mostCharacters = 900;

/**
 * @param objects as changes name them, `s3://BUCKET/KEY`
 * @returns what a line has in it that is about a page: its URL, an object that it may come from, its path
 */
export function urlTerms(url: string, objects: readonly string[]): readonly string[] {
  const path = decoded(new URL(url).pathname.slice(1));
  const file = path === '' || path.endsWith('/') ? `${path}index.html` : path;
  let length = 0;
  // Neither is in a URL; in a log they are escaped.
  return [url, ...objects, file].filter((term) => {
    if (/["\\]/.test(term)) return false;
    length += term.length + 4;
    return length <= mostCharacters;
  });
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** @returns CloudWatch Logs' filter pattern for lines that have one of these strings, without `"` and `\` */
export function patternOf(terms: readonly string[]): string {
  return terms.map((term) => `?"${term}"`).join(' ');
}

/** @returns what lines say of a URL; one that is not ours is left out */
export function linesOfUrl(
  raw: readonly RawLine[],
  terms: readonly string[],
  sinceMs: number,
): Omit<UrlLines, 'isComplete'> {
  const newestFirst = raw.toSorted((a, b) => b.atMs - a.atMs).flatMap(readLine);
  const isOfUrl = ({ text }: ReadLine) => terms.some((term) => names(text, term));
  const leftOut = new Map<string, LeftOut>();
  for (const line of newestFirst) {
    if (!unprocessed.has(line.message)) continue;
    const known = leftOut.get(line.message);
    leftOut.set(line.message, known === undefined ? firstOf(line) : { ...known, count: known.count + 1 });
  }
  return {
    since: new Date(sinceMs).toISOString(),
    lines: newestFirst.filter(isOfUrl).map(({ text: _, ...line }) => line),
    leftOut: [...leftOut.values()],
  };
}

/** Whether words have a URL, object or path from its beginning to its end: neither a longer one nor a part of a word. */
function names(text: string, term: string): boolean {
  for (let at = text.indexOf(term); at !== -1; at = text.indexOf(term, at + 1)) {
    const before = text.slice(at - 1, at);
    const after = text.slice(at + term.length, at + term.length + 2);
    if (/^[/\s"'(`]?$/.test(before) && /^(?:$|[\s"\\]|[,.:;](?:$|[\s"\\]))/.test(after)) return true;
  }
  return false;
}

interface ReadLine extends UrlLine {
  readonly text: string;
}

function firstOf({ message, at, about }: ReadLine): LeftOut {
  return { message, count: 1, lastAt: at, ...(about !== undefined && { about }) };
}

function readLine({ atMs, text }: RawLine): readonly ReadLine[] {
  const fields = recordOf(parsed(text));
  if (fields === undefined || typeof fields.message !== 'string') return [];
  const about = aboutOf(fields);
  const by = typeof fields.service === 'string' ? fields.service : 'function';
  const at = new Date(atMs).toISOString();
  return [{ at, by, message: fields.message, ...(about !== '' && { about }), text }];
}

function aboutOf({ change, webhook, name, first, purgeId, reason, problem, error }: Record<string, unknown>) {
  const found = [
    recordOf(change)?.id,
    webhook,
    name,
    first,
    purgeId,
    reason,
    recordOf(problem)?.reason,
    recordOf(error)?.message,
  ];
  return found.filter((each) => typeof each === 'string').join(': ');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
