import type { CloudWatchLogsClient, FilterLogEventsCommandInput } from '@aws-sdk/client-cloudwatch-logs';
import {
  leftOutTerms,
  linesOfUrl,
  patternOf,
  type RawLine,
  type UrlLines,
} from '../../queries/logs/url-lines.ts';
import { UsageError } from '../../usage-error.ts';
import type { Purger } from '../connect.ts';

/** What is looked for in the logs. */
export interface LogQuestion {
  /** What a line about the URL has in it. */
  readonly terms: readonly string[];
  readonly sinceMs: number;
  /** For how long to read at most, in milliseconds. */
  readonly longestMs: number;
  readonly nowMs: () => number;
}

/** Logs are read in parts of so many milliseconds, the newest first. */
const partMs = 60 * 60_000;
/** Reading ends after so many lines. */
const mostLines = 2_000;

/** @returns what the functions' logs have of a URL, and what receivers have left out meanwhile */
export async function readUrlLines(
  { clients, logGroups = [] }: Purger,
  { terms, sinceMs, longestMs, nowMs }: LogQuestion,
): Promise<UrlLines> {
  if (clients.logs === undefined || logGroups.length === 0) {
    throw new UsageError('Expected a stack of this version for --logs, got an older one: deploy it');
  }
  const client = await clients.logs();
  const endMs = nowMs() + longestMs;
  const filterPattern = patternOf(terms);
  const leftOutPattern = patternOf(leftOutTerms);
  const lines = new Map<string, RawLine>();
  let fromMs = nowMs();
  let isComplete = true;
  while (fromMs > sinceMs && isComplete) {
    const part = { startTime: Math.max(sinceMs, fromMs - partMs), endTime: fromMs + 1 };
    const asked = logGroups.flatMap((logGroupName) =>
      [filterPattern, leftOutPattern].map((pattern) => ({ ...part, logGroupName, filterPattern: pattern })),
    );
    const hasRoom = (own: number) => nowMs() < endMs && lines.size + own < mostLines;
    const read = await Promise.all(asked.map((each) => readPart(client, each, hasRoom)));
    for (const line of read.flatMap((each) => each.lines)) lines.set(`${line.atMs} ${line.text}`, line);
    isComplete = read.every((each) => each.isComplete);
    if (isComplete) fromMs = part.startTime;
  }
  return { ...linesOfUrl([...lines.values()], terms, fromMs), isComplete };
}

interface ReadPart {
  readonly lines: readonly RawLine[];
  readonly isComplete: boolean;
}

/** The oldest lines of a part come first. */
async function readPart(
  client: CloudWatchLogsClient,
  input: FilterLogEventsCommandInput,
  hasRoom: (lines: number) => boolean,
): Promise<ReadPart> {
  const { paginateFilterLogEvents } = await import('@aws-sdk/client-cloudwatch-logs');
  const lines: RawLine[] = [];
  for await (const { events = [] } of paginateFilterLogEvents({ client }, input)) {
    if (!hasRoom(lines.length)) return { lines, isComplete: false };
    for (const { timestamp = 0, message = '' } of events) lines.push({ atMs: timestamp, text: message });
  }
  return { lines, isComplete: true };
}
