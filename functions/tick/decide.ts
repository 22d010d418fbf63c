import type { Parked } from '../aws/tables/parked-table.ts';
import { type Limits, type LimitsState, noteDirectories, type TokenUnit } from '../core/limits/limits.ts';
import { type Affordable, sendOrPark, type TokenRequest } from '../core/limits/send-or-park.ts';
import { strictestLimits } from '../core/limits/shared-limit.ts';
import { tokenRequestOf } from '../core/limits/token-request.ts';
import {
  freshQuota,
  type QuotaState,
  quotaOf,
  spend,
  spendableTokens,
  type Tokens,
} from '../core/limits/tokens/quota.ts';
import { notePrefixes, noteSpent, senderOfTarget } from '../core/limits/tokens/senders.ts';
import type { Lane, Target } from '../core/model/types.ts';

/** Decides part by part what of all that waits can be paid for now. */
export interface Decisions {
  /** @param items in the order in which they wait: earlier parts go before later ones */
  take(items: readonly Parked[]): Affordable<Parked>;
  /** @returns the quota, and what is spent of it with the decisions until now */
  quotaOf(target: Target): { readonly quota: Tokens; readonly quotaState: QuotaState };
  /** @returns the tokens that a lane may spend of what is left by the decisions until now */
  spendable(target: Target, lane: Lane): Tokens;
  /** Takes the tokens of something that is released although it could not be paid for as it was. */
  pay(item: Parked): void;
  readonly tokenUnit: TokenUnit;
}

/** @returns decisions that begin with these limits */
export function createDecisions(state: LimitsState, limits: Limits, nowMs: number): Decisions {
  let current = state;
  const strictest = strictestLimits(state.window, limits);

  function pay(item: Parked): void {
    const wish = tokenRequestOfParked(item);
    const { target, kind, sender, directory, byPrefix } = wish;
    const price: Tokens = kind === 'file' ? { files: 1, dirs: 0 } : { files: 0, dirs: 1 };
    // A request with any number of URLs costs one token then: what is released hardly counts.
    if (limits.tokenUnit === 'request') return;
    const quotas = {
      ...current.quotas,
      [target]: spend(current.quotas[target] ?? freshQuota, price, nowMs),
    };
    const directories =
      directory === undefined
        ? current.directories
        : noteDirectories(current.directories, [directory], nowMs);
    let { senders } = current;
    if (sender !== undefined) {
      senders = noteSpent(senders, { [senderOfTarget(sender, target)]: price }, nowMs);
    }
    if (sender !== undefined && byPrefix !== undefined) senders = notePrefixes(senders, sender, 1, nowMs);
    current = { ...current, quotas, senders, directories };
  }

  function quotaIn(target: Target) {
    const quotaState = current.quotas[target] ?? freshQuota;
    return { quotaState, quota: quotaOf(quotaState, strictest.quota[target]) };
  }

  return {
    tokenUnit: limits.tokenUnit,
    take(items) {
      const affordable = sendOrPark(items, tokenRequestOfParked, current, limits, nowMs);
      for (const item of affordable.send) pay(item);
      return affordable;
    },
    quotaOf: quotaIn,
    spendable(target, lane) {
      const { quotaState, quota } = quotaIn(target);
      return spendableTokens(quotaState, quota, lane, nowMs);
    },
    pay,
  };
}

function tokenRequestOfParked({ entry, lane, sinceMs, sender, byPrefix }: Parked): TokenRequest {
  return tokenRequestOf(entry, { lane, sinceMs, sender, byPrefix });
}
