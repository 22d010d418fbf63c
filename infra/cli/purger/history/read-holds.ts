import type { Parked } from '../../../../functions/aws/tables/parked-table.ts';
import { quotaReport, type RequestsReport } from '../../queries/quota.ts';
import { parkedReport, type WaitingLane } from '../../queries/waiting.ts';
import { isAwaited, type Wanted } from '../../queries/why/awaited.ts';
import type { Holds } from '../../queries/why/holds.ts';
import type { Purger } from '../connect.ts';
import { openLimits } from '../limits.ts';
import { readPause } from '../pause.ts';
import { readSwitches } from '../switches.ts';

/** What may be kept back. */
interface Waiting {
  /** All that is parked. */
  readonly parked: readonly Parked[];
  /** How many messages are in the purge queue. */
  readonly queued: number;
}

/** @returns what keeps back what is waited for */
export async function readHolds(
  purger: Purger,
  wanted: Wanted,
  { parked, queued }: Waiting,
  nowMs: number,
): Promise<Holds> {
  const [state, switches] = await Promise.all([
    openLimits(purger).then((limits) => limits.read()),
    readSwitches(purger),
  ]);
  const pause = await readPause(purger, switches);
  const { requests } = quotaReport(state, purger, nowMs);
  const closed = closedOf(requests, queued);
  const awaited = parked.filter((each) => isAwaited(wanted, each));
  const { lanes } = parkedReport(parked, state, purger.limits, nowMs);
  const own = lanes.filter((lane) => awaited.some((each) => isOfLane(each, lane)));
  return {
    ...(pause !== undefined && { pause }),
    ...(closed !== undefined && { closed }),
    ...(awaited.length > 0 && { parked: { count: awaited.length, ...lastDoneBy(own, nowMs) } }),
  };
}

/**
 * Between two refusals of the credentials requests are held no more, and what is in the queue has not been accepted.
 * @param queued how many messages are in the purge queue
 * @returns until when no request goes out, and why; undefined where requests do
 */
export function closedOf(
  { closedBy, closedUntil, credentialsRefusedUntil }: RequestsReport,
  queued: number,
): Holds['closed'] {
  if (closedBy !== undefined && closedUntil !== undefined) return { by: closedBy, until: closedUntil };
  if (credentialsRefusedUntil === undefined || queued === 0) return undefined;
  return { by: 'CDN Pro refuses the credentials', until: credentialsRefusedUntil };
}

function isOfLane({ entry, lane }: Parked, own: WaitingLane): boolean {
  const kind = entry.kind === 'file' ? 'files' : 'dirs';
  return own.lane === lane && own.target === entry.target && own.kind === kind;
}

/** Where it is not known of one of the lanes, nobody knows when all is done. */
function lastDoneBy(
  lanes: readonly WaitingLane[],
  nowMs: number,
): Omit<NonNullable<Holds['parked']>, 'count'> {
  const times = lanes.map(({ doneBy }) => doneBy);
  const [last] = times.toSorted().toReversed();
  if (last === undefined || times.includes(undefined)) return { isReleased: false };
  return { doneBy: last, isReleased: Date.parse(last) <= nowMs };
}
