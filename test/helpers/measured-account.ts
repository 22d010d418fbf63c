import {
  closeForEveryone,
  type Limits,
  markAnswers,
  reserveRequest,
  unusedLimits,
} from '../../functions/core/limits/limits.ts';
import { defaultBucket } from '../../functions/core/limits/requests/request-bucket.ts';
import { type Bench, createBench } from '../../infra/cli/doctor/measure/bench.ts';
import { createGate, limitsToMeasure } from '../../infra/cli/doctor/measure/gate.ts';
import type { CdnProOptions } from '../../local/cdn-pro/options.ts';
import { type CdnPro, startCdnPro } from '../../local/cdn-pro/server.ts';

/** An account of the simulator, on a clock that only sleeping moves. */
export interface MeasuredAccount {
  readonly cdnPro: CdnPro;
  readonly bench: Bench;
  readonly stop: () => Promise<void>;
}

/** The limits that a purger goes by where nothing else is configured. */
export const usualLimits: Limits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0.1 },
  bucket: defaultBucket,
  requestCost: 1,
  quota: {},
  tokenUnit: 'url',
};

/** Options of {@link startMeasuredAccount}. */
export interface AccountOptions extends Partial<CdnProOptions> {
  readonly host?: string;
  /** What is configured for the purger. */
  readonly configured?: Limits;
  /** Called after each time that the clock was moved. */
  readonly onSleep?: (cdnPro: CdnPro) => void;
}

/** Starts an account with a purger's limits in front of it, as in its ledger. */
export async function startMeasuredAccount({
  host = 'staging.acme.example',
  configured = usualLimits,
  credentials = { username: 'local', apiKey: 'local' },
  onSleep = () => {},
  ...options
}: AccountOptions = {}): Promise<MeasuredAccount> {
  let now = Date.UTC(2026, 0, 1);
  const nowMs = () => now;
  const cdnPro = await startCdnPro({
    credentials,
    deployedHosts: { production: [], staging: [host] },
    nowMs,
    ...options,
  });
  const sleep = async (ms: number) => {
    now += ms;
    onSleep(cdnPro);
  };
  const limits = limitsToMeasure(configured);
  let state = unusedLimits(limits, now);
  const gate = createGate({
    limits: {
      async reserve([request]) {
        if (request === undefined) throw new Error('expected a request');
        const reserved = reserveRequest(state, limits, request, { guardMs: 100, nowMs: now });
        if (reserved.kind !== 'granted') return reserved;
        ({ state } = reserved);
        const { slot, usedShare } = reserved;
        return { kind: 'granted', slots: [slot], usedShare, sentByMs: now };
      },
      answered(slot, answer) {
        state = markAnswers(state, limits, [{ ...answer, slot, answeredMs: now }], 0);
      },
      async note(change) {
        state = change(state, now);
      },
      async close(untilMs) {
        state = closeForEveryone(state, untilMs, now);
      },
    },
    nowMs,
    sleep,
  });
  const { username, apiKey, accessKey = '', secretKey = '' } = credentials;
  const bench = createBench({
    endpoint: cdnPro.url,
    credentials:
      accessKey === '' ? { kind: 'api-key', username, apiKey } : { kind: 'access-key', accessKey, secretKey },
    host,
    gate,
    nowMs,
    sleep,
  });
  return { cdnPro, bench, stop: cdnPro.stop };
}
