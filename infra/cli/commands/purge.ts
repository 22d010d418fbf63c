import { entryKey } from '../../../functions/core/model/entry-key.ts';
import { entryText } from '../../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../../functions/core/model/types.ts';
import {
  type CommandResult,
  defineCommand,
  purgerOptions,
  purgerUsage,
  type Surroundings,
} from '../command.ts';
import { counted } from '../counted.ts';
import { type NextCommand, nextCommands } from '../next.ts';
import { checkWords } from '../parse-options.ts';
import { printable } from '../printable.ts';
import { connect, type Purger } from '../purger/connect.ts';
import { awaitChanges } from '../purger/history/await-changes.ts';
import { openLimits } from '../purger/limits.ts';
import { sendByHand, type UnsentEntry } from '../purger/queues/send-by-hand.ts';
import { readAheadMs, withClock } from '../purger/queues/sqs-clock.ts';
import { isPaused, readSwitches } from '../purger/switches.ts';
import { observingReason } from '../queries/observing.ts';
import {
  type Cost,
  costOf,
  describeProblem,
  readUrls,
  type UrlProblem,
  unknownHosts,
  wholeHosts,
} from '../queries/purge-by-hand.ts';
import { quotaReport } from '../queries/quota.ts';
import { readDuration } from '../queries/time.ts';
import { readNamedFile, readUrlLines } from '../read-file.ts';
import { UsageError } from '../usage-error.ts';
import { awaitedResult } from './journal/awaited-result.ts';

const usage = `Usage:
  cdn-purger purge URL... [--delete] [--reason WORDS] [--dry-run] [--yes] [--wait] (--stack NAME | --ready FILE) [--json]
  cdn-purger purge --file FILE …
  … | cdn-purger purge - …

Purges URLs: grouped and throttled like any change, and before bulk. What has a * is a directory (https://h/blog/*,
https://h/blog/**), what begins with any:// or regex: is a regular expression, all else is a file. If one of them is not in
a form that CDN Pro takes, nothing is purged: each reason is printed, and the exit code is 2.

  --file FILE     a URL on each line; "-" as an argument reads them from stdin. Empty lines and # comments are skipped
  --delete        takes the objects out of the cache rather than revalidating them: a takedown, which goes before all else
  --reason WORDS  why: it is kept for 90 days with the purge and who asked for it, in logs and in dead letters
  --dry-run       says what it would cost, and what would be asked about first, and purges nothing
  --yes           does not ask before a wildcard at the root of a host, or before a host that no rule names
  --wait          waits until all of it is completed or fresh, and says how far it is
  --timeout TIME  when to give up waiting, such as 90s or 2h. Default: 20m
${purgerUsage}

Ends with 0 where it was queued (or could be; with --wait: is completed or fresh), 1 where not all of it was (with --wait: or
has failed), 2 where the command is wrong, and 3 where time runs out.`;

/** Purges by hand. */
export const purgeCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    file: { type: 'string' },
    delete: { type: 'boolean' },
    reason: { type: 'string' },
    'dry-run': { type: 'boolean' },
    yes: { type: 'boolean' },
    wait: { type: 'boolean' },
    timeout: { type: 'string' },
  },
  async run({ values, positionals }, surroundings) {
    const { timeout } = values;
    if (timeout !== undefined && values.wait !== true) {
      throw new UsageError('Expected --timeout with --wait, got it alone');
    }
    const timeoutMs = readDuration('--timeout', timeout ?? '20m');
    checkWords('--reason', values.reason);
    const urls = await readList(positionals, values.file, surroundings);
    const purger = await connect(values);
    const action = values.delete === true ? 'delete' : 'invalidate';
    const { entries, problems } = readUrls(urls, { target: purger.target, action });
    const print = printer(values.json === true);
    if (problems.length > 0) throw new UsageError(describeProblems(problems));
    const plan = await planOf(entries, purger, surroundings.nowMs());
    if (values['dry-run'] === true) {
      const doubts = doubtsOf(entries, purger);
      const asked = doubts.map((doubt) => `Without --yes it is asked about first: ${doubt}.`);
      const lines = [...describePlan(entries, plan, true), ...asked, ...stepsOf(plan)];
      return print(0, { queued: 0, entries, ...plan, doubts }, lines.join('\n'));
    }
    if (purger.mode === 'observe') {
      return print(1, { queued: 0, entries, ...plan }, `Nothing was purged. It is ${observingReason}.`);
    }
    const refusal = values.yes === true ? undefined : await refusalOf(entries, purger, surroundings);
    if (refusal !== undefined) return print(1, { queued: 0, refusal, entries, ...plan }, refusal);
    const clock = withClock(surroundings, await readAheadMs(purger, surroundings));
    const { change, queued, unsent } = await sendByHand(entries, values.reason, purger, clock.nowMs());
    if (unsent.length > 0) {
      const refusal = describeUnsent(queued, unsent);
      return print(1, { queued: queued.length, refusal, unsent, entries, ...plan }, refusal);
    }
    if (values.wait === true) {
      surroundings.progress(describePlan(entries, plan).join('\n'));
      const byKey = new Map(entries.map((entry) => [entryKey(entry), entry]));
      const wanted = { kind: 'entries', sinceMs: Date.parse(change.occurredAt), entries: byKey } as const;
      const result = await awaitChanges(purger, { wanted, timeoutMs }, clock);
      const queued = { queued: entries.length, entries, ...plan };
      return awaitedResult(result, { json: values.json === true, queued });
    }
    const done = [...describePlan(entries, plan), ...stepsOf(plan, ...afterwards)].join('\n');
    return print(0, { queued: entries.length, entries, ...plan }, done);
  },
});

const afterwards: readonly NextCommand[] = [
  ['status', 'how far it is'],
  ['dead', 'if one should be refused: why'],
];

function printer(json: boolean) {
  return (exitCode: number, report: object, text: string): CommandResult => ({
    exitCode,
    stdout: json ? JSON.stringify(report, null, 2) : text,
  });
}

/** @throws UsageError where there is none, or where the file cannot be read */
async function readList(
  args: readonly string[],
  file: string | undefined,
  { readStdin }: Surroundings,
): Promise<readonly string[]> {
  let lines = file === undefined ? [] : readUrlLines(readNamedFile('--file', file, 'a file of URLs'));
  // There may be more than a function takes arguments.
  for (const arg of args) lines = lines.concat(arg === '-' ? readUrlLines((await readStdin()) ?? '') : [arg]);
  if (lines.length > 0) return lines;
  throw new UsageError('Expected URLs, --file FILE, or "-" with URLs on stdin, got none');
}

interface Plan extends Cost {
  /** How many of them the day has no token for now: they wait. */
  readonly short: { readonly files: number; readonly dirs: number };
  /** Whether all purge requests are held. */
  readonly paused: boolean;
}

async function planOf(entries: readonly PurgeEntry[], purger: Purger, nowMs: number): Promise<Plan> {
  const [limits, switches] = await Promise.all([openLimits(purger), readSwitches(purger)]);
  const state = await limits.read();
  const cost = costOf(entries, purger, state, nowMs);
  const { files, dirs } = quotaReport(state, purger, nowMs);
  const lane = entries[0]?.action === 'delete' ? 'takedown' : 'people';
  const short = {
    files: Math.max(0, cost.tokens.files - files[lane]),
    dirs: Math.max(0, cost.tokens.dirs - dirs[lane]),
  };
  return { ...cost, short, paused: isPaused(switches) };
}

/** @returns why it is asked first: a whole host would be purged, or one that no rule names */
function doubtsOf(entries: readonly PurgeEntry[], { hosts, leftOut }: Purger): readonly string[] {
  const whole = wholeHosts(entries);
  // Of a purger with very many hosts, only some are known.
  const unknown = leftOut > 0 ? [] : unknownHosts(entries, hosts);
  return [
    ...(whole.length > 0 ? [`${whole.join(' ')} may purge a whole host`] : []),
    ...(unknown.length > 0
      ? [`${unknown.join(', ')}: no rule names it, and CDN Pro rejects a host that it does not serve`]
      : []),
  ];
}

async function refusalOf(
  entries: readonly PurgeEntry[],
  purger: Purger,
  { confirm }: Surroundings,
): Promise<string | undefined> {
  const doubts = doubtsOf(entries, purger);
  if (doubts.length === 0) return undefined;
  const answer = await confirm(`${doubts.join('; ')}. Go on?`);
  if (answer === true) return undefined;
  return `Nothing was purged.${answer === undefined ? ` ${doubts.join('; ')}: say --yes.` : ''}`;
}

function describeProblems(problems: readonly UrlProblem[]): string {
  return [
    'Nothing was purged. CDN Pro would refuse what is wrong:',
    ...fewOf(problems.map((problem) => `  ${describeProblem(problem)}`)),
  ].join('\n');
}

/** What was queued is purged: only the rest has to be done again. */
function describeUnsent(queued: readonly PurgeEntry[], unsent: readonly UnsentEntry[]): string {
  return [
    `${queued.length} of ${queued.length + unsent.length} queued. SQS has not taken the others, since ${unsent[0]?.reason}:`,
    ...fewOf(unsent.map(({ url }) => `  ${printable(url)}`)),
    'Purge these again; --json has all of them.',
  ].join('\n');
}

/** So many are printed; --json has all of them. */
const mostPrinted = 20;

function fewOf(rows: readonly string[]): readonly string[] {
  const more = rows.length - mostPrinted;
  return [...rows.slice(0, mostPrinted), ...(more > 0 ? [`  ... and ${more} more`] : [])];
}

/** @param isDryRun whether it would be so, rather than is */
function describePlan(
  entries: readonly PurgeEntry[],
  { tokens, requests, short, paused }: Plan,
  isDryRun = false,
): readonly string[] {
  const rows = entries.map((entry) => `  ${entry.action} ${entry.kind} ${entryText(entry)}`);
  const missing = short.files + short.dirs;
  return [
    `${entries.length} ${isDryRun ? 'would be purged' : 'queued'}, for ${counted(tokens.files, 'file')} and ${counted(tokens.dirs, 'directory', 'directories')} of the day's tokens, in ${counted(requests, 'request')}:`,
    ...fewOf(rows),
    ...(missing === 0
      ? []
      : [`The day has no tokens left for ${missing} of them, which ${isDryRun ? 'would wait' : 'wait'}.`]),
    ...(paused
      ? [`It is paused: all of it ${isDryRun ? 'would wait' : 'waits'} in the queue until it is resumed.`]
      : []),
  ];
}

function stepsOf({ short, paused }: Plan, ...afterwards: readonly NextCommand[]): readonly string[] {
  const steps: readonly NextCommand[] = [
    ...(paused ? ([['resume', 'once it is to go on']] as const) : []),
    ...(short.files + short.dirs > 0 ? ([['waiting', 'until when']] as const) : []),
    ...afterwards,
  ];
  return steps.length === 0 ? [] : ['', ...nextCommands(...steps)];
}
