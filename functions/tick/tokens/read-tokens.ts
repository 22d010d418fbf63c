import type { Reading, SendOptions } from '../../cdn-pro/client.ts';
import type { LimitsState } from '../../core/limits/limits.ts';
import { strictestLimits } from '../../core/limits/shared-limit.ts';
import {
  freshQuota,
  hourMsOf,
  isSpentUnknown,
  type QuotaState,
  quotaOf,
  spentTokens,
  type Tokens,
  tokensLeft,
} from '../../core/limits/tokens/quota.ts';
import { correct, isReadingOld, learnQuota, noteReading } from '../../core/limits/tokens/quota-readings.ts';
import type { Target } from '../../core/model/types.ts';
import { describeError } from '../../lambda/log.ts';
import { tickEvents } from '../../lambda/log-events.ts';
import { askInSlot } from '../ask-in-slot.ts';
import type { QuotaApi, TickOptions, TickPorts } from '../ports.ts';

const targets: readonly Target[] = ['production', 'staging'];

/** How long the quotas hold that CDN Pro has reported, in milliseconds. */
const quotasHoldMs = 24 * 60 * 60 * 1000;
/** Ticks do not come at equal distances: one that comes a little early asks, too. */
const earlyMs = 10_000;
/** The share of the day's tokens below which CDN Pro is asked although nothing waits. */
const lowShare = 0.25;

/** Reads from CDN Pro what is left of the day's tokens and, each day, how many there are. */
export interface TokenReader {
  /**
   * @param waiting the targets for which something waits
   * @returns the limits as they are now, with what CDN Pro has told
   */
  read(waiting: readonly Target[]): Promise<LimitsState>;
}

/** @returns a reader of what CDN Pro says of the quota. What it does not answer is not asked again at once. */
export function createTokenReader(ports: TickPorts, options: TickOptions): TokenReader {
  const { limitsTable, nowMs } = ports;
  const { quota: configured } = options.limits;
  const sharedIn = ({ window }: LimitsState) => strictestLimits(window, options.limits).quota;

  function areQuotasDue({ quotas }: LimitsState): boolean {
    const isConfigured = targets.every(
      (target) => configured[target]?.files !== undefined && configured[target]?.dirs !== undefined,
    );
    const learnedMs = Math.max(...targets.map((target) => quotas[target]?.learnedMs ?? 0));
    return !isConfigured && nowMs() - learnedMs >= quotasHoldMs - earlyMs;
  }

  function areTokensDue(target: Target, state: LimitsState, isWaiting: boolean): boolean {
    const quotaState = state.quotas[target] ?? freshQuota;
    const isWanted =
      isWaiting ||
      quotaState.unchecked !== undefined ||
      isSpentUnknown(quotaState, nowMs()) ||
      isLow(quotaState, sharedIn(state)[target], nowMs());
    return isWanted && isReadingOld(quotaState, nowMs() + earlyMs);
  }

  async function readQuotas(api: QuotaApi): Promise<void> {
    const reading = await ask('quotas', (sentBy) => api.serviceQuotas(sentBy));
    if (reading === undefined) return;
    const { value = {} } = reading;
    await limitsTable.note((state, atMs) => {
      const learned = targets.map((target) => {
        const quota = state.quotas[target] ?? freshQuota;
        const tokens = value[target];
        return [
          target,
          tokens === undefined ? { ...quota, learnedMs: atMs } : learnQuota(quota, tokens, atMs),
        ];
      });
      return { ...state, quotas: Object.fromEntries(learned) };
    });
    if (reading.value !== undefined) ports.log.info(tickEvents.quotasRead, { quotas: value });
  }

  async function readTokens(target: Target, api: QuotaApi): Promise<void> {
    const reading = await ask(target, (sentBy) => api.purgeTokens(target, sentBy));
    if (reading === undefined) return;
    const { value } = reading;
    let before = freshQuota;
    let quota = quotaOf(before, configured[target]);
    await limitsTable.note((state, atMs) => {
      before = state.quotas[target] ?? freshQuota;
      // What others have spent of a larger quota is none of what deployments share.
      const shared = sharedIn(state)[target];
      quota = quotaOf(before, shared);
      const noted = value === undefined ? noteReading(before, atMs) : correct(before, value, shared, atMs);
      return { ...state, quotas: { ...state.quotas, [target]: noted } };
    });
    if (value === undefined) return;
    ports.measure('TokensMiscountedPercent', miscountedPercent(before, quota, value, nowMs()));
    const counted = tokensLeft(before, quota, nowMs());
    ports.log.info(tickEvents.tokensRead, { target, left: value, counted });
  }

  /** Asks once, in its own slot. @returns undefined where there is no slot */
  async function ask<Value>(
    what: string,
    send: (options: SendOptions) => Promise<Reading<Value>>,
  ): Promise<Reading<Value> | undefined> {
    const asked = await askInSlot(send, ports);
    if (asked.kind === 'wait') return undefined;
    const { value, status, requestId } = asked.reading;
    if (value === undefined) {
      // The quotas may be told by another host alone; there is a default.
      const write = what === 'quotas' ? ports.log.info : ports.log.warn;
      write.call(ports.log, tickEvents.tokensUnread, { what, status, requestId });
    }
    return asked.reading;
  }

  return {
    async read(waiting) {
      const state = await limitsTable.read();
      const due = targets.filter((target) => areTokensDue(target, state, waiting.includes(target)));
      const quotasAreDue = areQuotasDue(state);
      if (due.length === 0 && !quotasAreDue) return state;
      try {
        const api = await ports.cdnPro.prepare();
        if (quotasAreDue) await readQuotas(api);
        for (const target of due) await readTokens(target, api);
      } catch (error) {
        // What is known has to do; the next tick asks again.
        ports.log.warn(tickEvents.tokensUnread, { error: describeError(error) });
      }
      return limitsTable.read();
    },
  };
}

/** @returns whether a target has few tokens left */
export function isAnyLow(state: LimitsState, { limits }: TickOptions, nowMs: number): boolean {
  const shared = strictestLimits(state.window, limits).quota;
  return targets.some((target) => {
    const quota = state.quotas[target];
    return quota !== undefined && isLow(quota, shared[target], nowMs);
  });
}

function isLow(state: QuotaState, configured: Partial<Tokens> | undefined, nowMs: number): boolean {
  const quota = quotaOf(state, configured);
  const left = tokensLeft(state, quota, nowMs);
  return left.files < quota.files * lowShare || left.dirs < quota.dirs * lowShare;
}

/**
 * @returns how far the own count and what CDN Pro tells are apart, in percent of the quota. A token that was spent a day
 * ago may count here for up to an hour more than there, so that is no difference
 */
export function miscountedPercent(state: QuotaState, quota: Tokens, told: Tokens, nowMs: number): number {
  if (isSpentUnknown(state, nowMs)) return 0;
  const least = tokensLeft(state, quota, nowMs);
  const justBack = spentTokens(state, nowMs + hourMsOf(state));
  const percent = (kind: keyof Tokens) => {
    // The API shows no debt.
    const lowest = Math.max(0, least[kind]);
    const highest = Math.max(lowest, quota[kind] - justBack[kind]);
    const apart = Math.max(lowest - told[kind], told[kind] - highest, 0);
    return quota[kind] > 0 ? (apart / quota[kind]) * 100 : 0;
  };
  return Math.max(percent('files'), percent('dirs'));
}
