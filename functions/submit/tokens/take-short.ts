import type { LimitsGrant } from '../../aws/tables/limits-table.ts';
import { covers } from '../../core/limits/tokens/quota.ts';
import type { PlannedEntry, PlannedRequest } from '../../core/planning/planned-request.ts';
import { type ConcludeContext, type ShortRequests, uncovered } from '../answers/conclude.ts';
import { laneOf } from '../batch.ts';
import { byPrefixOf, type PriceContext, tokensFor } from './limits-request.ts';

type ShortContext = PriceContext & Pick<ConcludeContext, 'short'>;

/**
 * Takes out a request that costs more tokens than its lane has by now: others have spent them. What they still pay for is
 * sent, since a takedown would wait with what is in its request; what is of other lanes asks for itself.
 */
export function takeShort(
  request: PlannedRequest | undefined,
  { spendable, beyond }: LimitsGrant & { readonly kind: 'short' },
  context: ShortContext,
): void {
  if (request === undefined) return;
  if (beyond !== undefined) {
    takeBeyond(request, beyond, context);
    return;
  }
  const { run, isolation, batch, contract, short } = context;
  const isApart = isolation.hasFailed(request);
  const isHeld = isolation.waiting.includes(request);
  run.withdraw([request]);
  // What is known of a request that was held is known of all of it.
  if (isHeld) {
    short.push({ requests: [request], isApart });
    return;
  }
  const lane = laneOf(request, batch);
  const isOfLane = (planned: PlannedEntry) => laneOf({ entries: [planned] }, batch) === lane;
  const paid: PlannedEntry[] = [];
  const unpaid: PlannedEntry[] = [];
  for (const planned of request.entries.filter(isOfLane)) {
    const isPaid = covers(spendable, tokensFor([...paid, planned], contract));
    (isPaid ? paid : unpaid).push(planned);
  }
  const others = request.entries.filter((planned) => !isOfLane(planned));
  run.retry([paid, others].filter(({ length }) => length > 0).map((entries) => ({ entries })));
  if (unpaid.length > 0) takeOut(unpaid, { isApart }, context);
}

/**
 * Takes out a request's purges by prefix of senders that have had theirs: another consumer has sent some since it was
 * decided. One that may still be sent is released by the next tick.
 */
function takeBeyond(request: PlannedRequest, beyond: readonly string[], context: ShortContext): void {
  const { run } = context;
  const isBeyond = (planned: PlannedEntry) => beyond.includes(byPrefixOf(planned, context) ?? '');
  const unsent = request.entries.filter(isBeyond);
  const rest = request.entries.filter((planned) => !isBeyond(planned));
  run.withdraw([request]);
  if (rest.length > 0) run.retry([{ entries: rest }]);
  takeOut(unsent, { isApart: false, reason: 'prefix' }, context);
}

function takeOut(
  entries: readonly PlannedEntry[],
  why: Omit<ShortRequests, 'requests'>,
  { run, short }: ShortContext,
): void {
  short.push({ requests: [uncovered({ entries })], ...why });
  // What a directory would have covered does not wait with it.
  if (entries.some(({ covered = [] }) => covered.length > 0)) run.uncover(entries);
}
