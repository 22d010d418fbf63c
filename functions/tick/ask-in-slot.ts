import type { Reading, SendOptions } from '../cdn-pro/client.ts';
import { pauseAfterThrottle } from '../core/limits/requests/throttled.ts';
import { noTokens } from '../core/limits/tokens/quota.ts';
import type { TickPorts } from './ports.ts';

/** What CDN Pro answered, or when there may be a slot for the question. */
export type Asked<Value> =
  | { readonly kind: 'asked'; readonly reading: Reading<Value> }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Asks CDN Pro once, in its own slot. */
export async function askInSlot<Value>(
  send: (options: SendOptions) => Promise<Reading<Value>>,
  { limitsTable, nowMs }: Pick<TickPorts, 'limitsTable' | 'nowMs'>,
): Promise<Asked<Value>> {
  const request = {
    fillRatio: 1,
    oldestChangeMs: nowMs(),
    // What nobody waits for leaves the bucket to others as bulk does.
    lane: 'bulk',
    target: 'production',
    price: noTokens,
    senders: {},
  } as const;
  const grant = await limitsTable.reserve([request]);
  if (grant.kind === 'wait') return grant;
  // What costs no tokens is never short of them.
  const [slot] = grant.kind === 'granted' ? grant.slots : [];
  if (grant.kind !== 'granted' || slot === undefined) return { kind: 'wait', untilMs: nowMs() };
  const reading = await send({ sentByMs: grant.sentByMs });
  const { status, remaining, retryAfterMs } = reading;
  if (status !== undefined) limitsTable.answered(slot, { remaining });
  if (status === 429) await limitsTable.close(nowMs() + pauseAfterThrottle(retryAfterMs), 'everyone');
  return { kind: 'asked', reading };
}
