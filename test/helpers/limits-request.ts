import type { LimitsRequest } from '../../functions/core/limits/limits.ts';

/** @returns what a full request of people asks of the limits, without any tokens, changed as given */
export function limitsRequest(changed: Partial<LimitsRequest> = {}): LimitsRequest {
  const price = { files: 0, dirs: 0 };
  return {
    fillRatio: 1,
    oldestChangeMs: 0,
    lane: 'people',
    target: 'production',
    price,
    senders: {},
    ...changed,
  };
}

/** Limits of which only what is given binds. */
export const looseLimits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0 },
  bucket: { perMinute: 6000, burst: 10_000 },
  requestCost: 1,
  quota: {},
  tokenUnit: 'url',
} as const;
