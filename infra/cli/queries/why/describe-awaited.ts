import { counted } from '../../counted.ts';
import { type NextCommand, nextCommands, shellArgument } from '../../next.ts';
import { printable } from '../../printable.ts';
import type { Awaited, AwaitedReport } from './awaited.ts';
import { describeHolds, type Holds, holdSteps } from './holds.ts';

/** So many are printed; --json has all of them. */
const mostPrinted = 20;

/** What waiting has come to. */
interface WaitedReport extends AwaitedReport {
  readonly timedOut: boolean;
  readonly holds?: Holds;
}

/** @returns in words what waiting has come to */
export function describeAwaited(report: WaitedReport): string {
  const { open, queued, timedOut, holds = {} } = report;
  const rows = open.map(({ url, state, reason }: Awaited) =>
    [
      `  ${state.padEnd(10)} ${printable(url)}`,
      ...(reason === undefined ? [] : [`    ${printable(reason)}`]),
    ].join('\n'),
  );
  const more = rows.length - mostPrinted;
  return [
    headline(report),
    ...rows.slice(0, mostPrinted),
    ...(more > 0 ? [`  ... and ${more} more`] : []),
    ...(queued > 0 ? [`  ${counted(queued, 'message waits', 'messages wait')} in the queues`] : []),
    ...(timedOut ? describeHolds(holds, Number.POSITIVE_INFINITY).map((hold) => `  ${hold}`) : []),
    ...nextSteps(report),
  ].join('\n');
}

function headline({ outcome, counts, timedOut, holds }: WaitedReport): string {
  const { completed = 0, fresh = 0 } = counts;
  if (timedOut && holds?.pause !== undefined)
    return 'Time has run out, and it is paused: changes wait in the queue.';
  if (timedOut) return 'Time has run out.';
  if (outcome === 'done') return `Done: ${fresh} fresh, ${completed} completed.`;
  if (outcome === 'failed') return isObserved(counts) ? 'Not purged:' : 'Some have failed:';
  return 'Nothing has changed since then, or it has not arrived.';
}

function isObserved({ observed = 0, failed = 0 }: AwaitedReport['counts']): boolean {
  return observed > 0 && failed === 0;
}

function nextSteps({ outcome, counts, timedOut, holds = {}, open }: WaitedReport): readonly string[] {
  if (isObserved(counts) && !timedOut)
    return ['', ...nextCommands(['report', 'what would have been purged'])];
  if (outcome === 'failed') return ['', ...nextCommands(['dead', 'why'])];
  if (outcome === 'nothing')
    return [
      '',
      ...nextCommands(
        ['explain s3://BUCKET/KEY', 'what the rules make of a change'],
        ['doctor', 'whether events come'],
      ),
    ];
  // Of directories, patterns and dead letters without a URL why says nothing.
  const page = open.map(({ url }) => url).find((url) => /^https?:\/\/[^*]+$/.test(url));
  const why: NextCommand = [`why ${page === undefined ? 'URL' : shellArgument(page)}`, 'for what'];
  if (!timedOut) return [];
  const steps = holdSteps(holds);
  return ['', ...nextCommands(...(steps.length > 0 ? steps : [['status', 'what waits'] as const]), why)];
}
