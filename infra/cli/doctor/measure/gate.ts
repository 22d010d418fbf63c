import type { LimitsTable } from '../../../../functions/aws/tables/limits-table.ts';
import { readAnswer } from '../../../../functions/cdn-pro/answer.ts';
import type { GrantedSlot, Limits } from '../../../../functions/core/limits/limits.ts';
import { bucketMargin } from '../../../../functions/core/limits/requests/request-bucket.ts';
import { freshQuota, noTokens, spend, type Tokens } from '../../../../functions/core/limits/tokens/quota.ts';
import { remainingOf } from './ask.ts';
import { type Exchange, type Gate, MeasureError } from './bench.ts';

/** Longer than this, nobody waits for a slot. */
const longestWaitMs = 600_000;
const longestSleepMs = 5_000;
/** Where CDN Pro answers 429 without saying for how long. */
const throttledMs = 60_000;

/** What a gate needs. */
export interface GateOptions {
  readonly limits: Pick<LimitsTable, 'reserve' | 'answered' | 'note' | 'close'>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * By a weight that is too large the purger waits until the bucket is full again, in which no weight can be seen. Here one is enough
 * as far as the margin of the lane has room for more: each answer says what is left before the next request.
 * @returns the limits by which slots are taken
 */
export function limitsToMeasure(limits: Limits): Limits {
  return limits.requestCost > bucketMargin.bulk ? limits : { ...limits, requestCost: 1 };
}

/** @returns a gate that takes slots and tokens of staging from the purger's ledger, after all others */
export function createGate({ limits, nowMs, sleep }: GateOptions): Gate {
  async function slotFor(price: Tokens): Promise<GrantedSlot> {
    const startMs = nowMs();
    const request = {
      fillRatio: 1,
      oldestChangeMs: startMs,
      lane: 'bulk',
      target: 'staging',
      price,
      senders: {},
    } as const;
    while (nowMs() - startMs < longestWaitMs) {
      const grant = await limits.reserve([request]);
      if (grant.kind === 'short') {
        throw new MeasureError(`the purger keeps what is left of the day's tokens in staging for others`);
      }
      const [slot] = grant.kind === 'granted' ? grant.slots : [];
      if (grant.kind === 'granted' && slot !== undefined && nowMs() <= grant.sentByMs) return slot;
      const untilMs = grant.kind === 'wait' ? grant.untilMs : nowMs();
      await sleep(Math.min(longestSleepMs, Math.max(100, untilMs - nowMs())));
    }
    throw new MeasureError(`no request was free for ${longestWaitMs / 60_000} minutes`);
  }

  async function answered(slot: GrantedSlot, exchange: Exchange): Promise<void> {
    const { status, headers, body } = exchange;
    if (status === undefined) return;
    const remaining = remainingOf(exchange);
    limits.answered(slot, { remaining, isRefused: status === 400 || status === 413 });
    const answer = readAnswer({ status, headers, body }, nowMs());
    if (answer.kind !== 'throttled') return;
    await limits.close(nowMs() + (answer.retryAfterMs ?? throttledMs), 'everyone');
  }

  return {
    async open(price, mayOverdraw) {
      const slot = await slotFor(mayOverdraw ? noTokens : price);
      if (mayOverdraw) {
        await limits.note((state, atMs) => {
          const quota = spend(state.quotas.staging ?? freshQuota, price, atMs);
          return { ...state, quotas: { ...state.quotas, staging: quota } };
        });
      }
      return (exchange) => answered(slot, exchange);
    },
  };
}
