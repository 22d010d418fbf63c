import { waitReasonText } from '../../infra/cli/queries/wait-reason.ts';
import type { SampleResult, Step } from './samples/local-context.ts';
import type { Entry, Timeline } from './timeline/timeline.ts';
import { describeFinish, describeFollowed, describePurge } from './timeline/timeline-purges.ts';

/** The most changes that are listed one by one within {@link quietMs}; more are counted. */
const mostListed = 5;
const quietMs = 300;

/** @returns the result of a sample as lines: each step with the seconds since the change */
export function formatResult({ title, steps, failure, isSkipped }: SampleResult): string {
  const failed = failure === undefined ? [] : [`     ${isSkipped ? 'skipped ' : 'FAILED  '} ${failure}`];
  return [title, ...steps.flatMap(formatStep), ...failed].join('\n');
}

function formatStep({ afterMs, what, lines }: Step): readonly string[] {
  const [first = '', ...others] = lines;
  const seconds = (afterMs / 1000).toFixed(2).padStart(6);
  return [`${seconds} s  ${what.padEnd(8)} ${first}`, ...others.map((line) => `${' '.repeat(19)}${line}`)];
}

/**
 * Prints what happens in the stack, as it happens. Many changes at once are summed up in one line.
 * @returns a switch: while it is off, only problems are printed
 */
export function printLive(timeline: Timeline, print: (line: string) => void): { on: boolean } {
  const live = { on: false };
  let changes: (Entry & { kind: 'queued' })[] = [];
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    for (const { atMs, changeId, action, urls } of changes.slice(0, mostListed)) {
      print(`${timeOf(atMs)}  queued   ${action} ${changeId}  →  ${urls.join('  ') || 'no URL'}`);
    }
    const more = changes.length - mostListed;
    if (more > 0) print(`${' '.repeat(14)}queued   ... and ${more} more`);
    changes = [];
  }

  timeline.onEntry((entry) => {
    if (entry.kind === 'problem') print(`${timeOf(entry.atMs)}  ${entry.message}`);
    if (!live.on || entry.kind === 'problem') return;
    if (entry.kind === 'queued') {
      changes.push(entry);
      clearTimeout(timer);
      timer = setTimeout(flush, quietMs);
      return;
    }
    flush();
    print(`${timeOf(entry.atMs)}  ${lineOf(entry)}`);
  });
  return live;
}

function lineOf(entry: Exclude<Entry, { kind: 'queued' | 'problem' }>): string {
  switch (entry.kind) {
    case 'unmatched':
      return `ignored  ${entry.changeId}  (no rule matches it)`;
    case 'excepted':
      return `ignored  ${entry.changeId}  (\`except\` of its rule leaves it out)`;
    case 'accepted':
      return `accepted ${describePurge(entry)}`;
    case 'parked':
      return `parked   ${entry.count} URL${entry.count === 1 ? '' : 's'}, until there are tokens for ${entry.count === 1 ? 'it' : 'them'}${whyParked(entry.reasons)}`;
    case 'released':
      return `released ${listOf(entry.lanes)}`;
    case 'finished':
      return `finished ${describeFinish(entry)}`;
    case 'ended':
    case 'repeated':
    case 'repaired':
      return describeFollowed(entry).join(' ');
  }
}

/** A reason that has no words here is of another version of the functions. */
function whyParked(counts: Readonly<Record<string, number>>): string {
  const texts: Readonly<Record<string, string>> = waitReasonText;
  const words = Object.entries(counts).map(
    ([reason, count]) => `${count}: ${Object.hasOwn(texts, reason) ? texts[reason] : reason}`,
  );
  return words.length === 0 ? '' : ` (${words.join('; ')})`;
}

function listOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([what, count]) => `${what}: ${count}`)
    .join(', ');
}

function timeOf(atMs: number): string {
  return (
    new Date(atMs).toTimeString().slice(0, 8) +
    String(atMs % 1000)
      .padStart(3, '0')
      .replace(/^/, '.')
  );
}
