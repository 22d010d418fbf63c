import type { LimitsRequest } from '../../core/limits/limits.ts';
import { priceOf } from '../../core/limits/price.ts';
import { tokenRequestOf } from '../../core/limits/token-request.ts';
import type { Tokens } from '../../core/limits/tokens/quota.ts';
import { senderOfTarget } from '../../core/limits/tokens/senders.ts';
import { groupBy } from '../../core/model/group-by.ts';
import { fillRatio } from '../../core/planning/fill-ratio.ts';
import { bodyOf, type PlannedEntry, type PlannedRequest } from '../../core/planning/planned-request.ts';
import type { ConcludeContext } from '../answers/conclude.ts';
import { laneOf, oldestChangeMs, originOf } from '../batch.ts';
import type { SubmitOptions } from '../ports.ts';

/** What the price of a request is made of. */
export type PriceContext = Pick<ConcludeContext, 'run' | 'isolation' | 'batch' | 'ports'> &
  Pick<SubmitOptions, 'contract'>;

/** @returns what a request asks of the limits; a takedown does not wait for a request to fill */
export function limitsRequest(request: PlannedRequest, context: PriceContext): LimitsRequest {
  const { run, isolation, batch, ports, contract } = context;
  const lane = laneOf(request, batch);
  return {
    fillRatio: lane === 'takedown' ? 1 : fillRatio(request, run.limits),
    oldestChangeMs: Math.min(ports.nowMs(), oldestChangeMs(request, batch)),
    lane,
    target: bodyOf(request).target,
    price: tokensFor(request.entries, contract),
    senders: pricesOf(request, context),
    prefixes: prefixesOf(request, context),
    // What has failed may have been purged.
    isSentAgain: isolation.waiting.includes(request),
  };
}

/** @returns the senders of a request's purges by prefix that nobody asked for: what waits for a slot has not had any */
function prefixesOf({ entries }: PlannedRequest, context: PriceContext): readonly string[] {
  return entries.flatMap((planned) => byPrefixOf(planned, context) ?? []);
}

/** @returns the sender of a purge by prefix that nobody asked for; undefined for any other */
export function byPrefixOf(planned: PlannedEntry, { batch, ports }: PriceContext): string | undefined {
  if (planned.entry.kind === 'file') return undefined;
  const { sender, byPrefix } = tokenRequestOf(planned.entry, originOf(planned, batch, ports.nowMs()));
  return byPrefix && sender;
}

/** @returns what entries cost in one request */
export function tokensFor(
  entries: readonly PlannedEntry[],
  { tokenUnit }: SubmitOptions['contract'],
): Tokens {
  return priceOf(
    entries.map(({ entry }) => entry),
    tokenUnit,
  );
}

/** @returns what each sender pays. Where a request is one token, those whose entries it has pay one each. */
function pricesOf(
  { entries }: PlannedRequest,
  { batch, ports, contract }: PriceContext,
): Readonly<Record<string, Tokens>> {
  const bySender = groupBy(entries, (planned) => {
    const { sender } = originOf(planned, batch, ports.nowMs());
    return sender && senderOfTarget(sender, planned.entry.target);
  });
  return Object.fromEntries(
    [...bySender].flatMap(([sender, planned]) =>
      sender === undefined ? [] : [[sender, tokensFor(planned, contract)]],
    ),
  );
}
