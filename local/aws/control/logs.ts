import { recordOf } from '../../../functions/core/model/record.ts';
import { type Answer, refusal } from './answer.ts';

/** A line that a function has logged. */
export interface LogLine {
  readonly logGroupName: string;
  readonly atMs: number;
  readonly message: string;
}

/** The last lines of all functions, the oldest first. */
export interface LogLines {
  add(line: LogLine): void;
  readonly all: readonly LogLine[];
}

/** So many lines are kept. */
const mostLines = 20_000;

/** @returns a store of the last lines of all functions */
export function keepLogLines(): LogLines {
  const all: LogLine[] = [];
  return {
    all,
    add(line) {
      all.push(line);
      if (all.length > mostLines) all.shift();
    },
  };
}

/**
 * Answers `FilterLogEvents` for patterns of the form `?"a" ?"b"`: lines that have one of these strings.
 * @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
export function answerLogs(operation: string, json: unknown, lines: readonly LogLine[]): Answer {
  const { logGroupName, startTime = 0, endTime = Infinity, filterPattern = '' } = recordOf(json) ?? {};
  const terms = termsOf(String(filterPattern));
  if (operation !== 'FilterLogEvents' || terms === undefined) {
    return refusal(400, 'UnknownOperationException', 'This is not supported by the local stack.');
  }
  const events = lines
    .filter((line) => line.logGroupName === logGroupName)
    .filter(({ atMs }) => atMs >= Number(startTime) && atMs < Number(endTime))
    .filter(({ message }) => terms.some((term) => message.includes(term)))
    .map(({ atMs, message }) => ({ timestamp: atMs, ingestionTime: atMs, message }));
  return { status: 200, body: { events, searchedLogStreams: [] } };
}

function termsOf(pattern: string): readonly string[] | undefined {
  if (!/^(?:\?"[^"\\]+"(?: |$))+$/.test(pattern)) return undefined;
  return [...pattern.matchAll(/"([^"]+)"/g)].map(([, term = '']) => term);
}
