import type { PreparedClient, Reading, SendOptions } from '../../cdn-pro/client.ts';
import type { LimitsState } from '../../core/limits/limits.ts';
import { pauseAfterThrottle } from '../../core/limits/requests/throttled.ts';
import { strictestLimits } from '../../core/limits/shared-limit.ts';
import { freshQuota, noTokens, type QuotaState, type Tokens } from '../../core/limits/tokens/quota.ts';
import { correct, isReadingOld, learnQuota, noteReading } from '../../core/limits/tokens/quota-readings.ts';
import type { Target } from '../../core/model/types.ts';
import { describeError } from '../../lambda/log.ts';
import * as submitEvents from '../../lambda/submit-events.ts';
import type { SubmitOptions, SubmitPorts } from '../ports.ts';

/**
 * Asks CDN Pro for the day's tokens of targets, unless that was done just now: the quota may be larger than is known, or
 * others may have spent of it.
 * @returns whether it was asked
 */
export async function learnTokens(
  targets: readonly Target[],
  state: LimitsState,
  ports: SubmitPorts,
  { contract }: SubmitOptions,
): Promise<boolean> {
  let hasAsked = false;
  try {
    for (const target of targets) {
      const known = state.quotas[target] ?? freshQuota;
      const configured = contract.quota[target] ?? {};
      const isConfigured = configured.files !== undefined && configured.dirs !== undefined;
      if (!isConfigured && known.learnedMs === undefined) hasAsked = (await learnQuotas(ports)) || hasAsked;
      if (!isReadingOld(known, ports.nowMs())) continue;
      hasAsked = (await checkTokens(target, ports, contract)) || hasAsked;
    }
  } catch (error) {
    ports.log.warn(submitEvents.tokensUnread, { error: describeError(error) });
  }
  return hasAsked;
}

async function learnQuotas(ports: SubmitPorts): Promise<boolean> {
  const asked = await ask((client, options) => client.serviceQuotas(options), ports);
  if (asked.kind === 'wait') return false;
  await pauseIfThrottled(asked.reading, ports);
  const { value = {} } = asked.reading;
  // An API that tells nothing is not asked again before tomorrow.
  const learn = (target: Target) => (quota: QuotaState, nowMs: number) =>
    value[target] === undefined ? { ...quota, learnedMs: nowMs } : learnQuota(quota, value[target], nowMs);
  await noteQuota('production', learn('production'), ports);
  await noteQuota('staging', learn('staging'), ports);
  ports.log.info(submitEvents.quotasRead, { quotas: value });
  return true;
}

async function checkTokens(
  target: Target,
  ports: SubmitPorts,
  contract: SubmitOptions['contract'],
): Promise<boolean> {
  const asked = await readTokens(target, contract, ports);
  if (asked.kind === 'wait') return false;
  await pauseIfThrottled(asked.reading, ports);
  // An API that tells nothing is not asked again by the next batch.
  if (asked.reading.value === undefined) {
    await noteQuota(target, noteReading, ports);
  }
  return true;
}

/** What was to be sent next would be answered 429, too, or the next question. */
async function pauseIfThrottled(
  { status, retryAfterMs }: Reading<unknown>,
  { limitsTable, nowMs }: SubmitPorts,
): Promise<void> {
  if (status === 429) await limitsTable.close(nowMs() + pauseAfterThrottle(retryAfterMs), 'everyone');
}

/** What CDN Pro answered, or when there may be a slot for the question. */
export type Asked<Value> =
  | { readonly kind: 'asked'; readonly reading: Reading<Value> }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Asks CDN Pro what is left of a target's tokens of the day, and corrects the own count by it. */
export async function readTokens(
  target: Target,
  contract: SubmitOptions['contract'],
  ports: SubmitPorts,
): Promise<Asked<Tokens>> {
  const asked = await ask((client, options) => client.purgeTokens(target, options), ports);
  if (asked.kind === 'wait') return asked;
  const { value, status, requestId } = asked.reading;
  if (value !== undefined) {
    await noteQuota(
      target,
      (quota, nowMs, { window }) =>
        // What others have spent of a larger quota is none of what deployments share.
        correct(quota, value, strictestLimits(window, contract).quota[target], nowMs),
      ports,
    );
  }
  ports.log.info(submitEvents.tokensRead, { target, left: value, status, requestId });
  return asked;
}

async function ask<Value>(
  send: (client: PreparedClient, options: SendOptions) => Promise<Reading<Value>>,
  { cdnPro, limitsTable, nowMs }: SubmitPorts,
): Promise<Asked<Value>> {
  const client = await cdnPro.prepare();
  const grant = await limitsTable.reserve([
    {
      fillRatio: 1,
      oldestChangeMs: nowMs(),
      // What is to be purged waits for the answer.
      lane: 'people',
      target: 'production',
      price: noTokens,
      senders: {},
    },
  ]);
  if (grant.kind === 'wait') return grant;
  // What costs no tokens is never short of them.
  if (grant.kind === 'short') return { kind: 'wait', untilMs: nowMs() };
  const { sentByMs, slots } = grant;
  const reading = await send(client, { sentByMs });
  const [slot] = slots;
  if (slot !== undefined && reading.status !== undefined) {
    limitsTable.answered(slot, { remaining: reading.remaining });
  }
  return { kind: 'asked', reading };
}

function noteQuota(
  target: Target,
  change: (quota: QuotaState, nowMs: number, state: LimitsState) => QuotaState,
  { limitsTable }: SubmitPorts,
): Promise<void> {
  return limitsTable.note((state, nowMs) => ({
    ...state,
    quotas: { ...state.quotas, [target]: change(state.quotas[target] ?? freshQuota, nowMs, state) },
  }));
}
