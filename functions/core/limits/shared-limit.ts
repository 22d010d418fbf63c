import type { Target } from '../model/types.ts';
import type { Limits } from './limits.ts';
import type { DeclaredLimit, RateWindow } from './requests/window.ts';
import type { ConfiguredQuota } from './tokens/quota.ts';

/** A deployment that has not sent anything for longer than this, in milliseconds, no longer counts: it may be gone. */
const declarationLifeMs = 7 * 24 * 60 * 60 * 1000;

const targets: readonly Target[] = ['production', 'staging'];

/** The limits of which deployments that share a table have to agree on. */
export type SharedLimits = Pick<Limits, 'rate' | 'bucket' | 'quota'>;

/**
 * Declares a deployment's limits in a window that it may share, and forgets deployments that may be gone.
 * @param deployment names the deployment, the same each time
 */
export function declareLimits(
  window: RateWindow,
  deployment: string,
  { rate: { requests, perSeconds }, bucket, quota }: SharedLimits,
  nowMs: number,
): RateWindow {
  const others = Object.entries(window.declared).filter(
    ([name, { atMs }]) => name !== deployment && nowMs - atMs <= declarationLifeMs,
  );
  const { closedUntilMs = 0 } = window.declared[deployment] ?? {};
  const own: DeclaredLimit = {
    requests,
    perSeconds,
    bucket,
    quota,
    atMs: nowMs,
    ...(closedUntilMs > 0 && { closedUntilMs }),
  };
  return { ...window, declared: { ...Object.fromEntries(others), [deployment]: own } };
}

/**
 * Finds the strictest of a deployment's limits and all that are declared: the fewest requests and tokens, and the
 * longest time. A deployment with a shorter time would otherwise drop slots that another one still has to count, and
 * both together would go over the limit. The headroom stays each one's own.
 */
export function strictestLimits<Own extends SharedLimits>(window: RateWindow, limits: Own): Own {
  const all: readonly Omit<DeclaredLimit, 'atMs'>[] = [
    { ...limits.rate, bucket: limits.bucket, quota: limits.quota },
    ...Object.values(window.declared),
  ];
  const buckets = all.flatMap(({ bucket }) => (bucket === undefined ? [] : [bucket]));
  return {
    ...limits,
    rate: {
      requests: Math.min(...all.map(({ requests }) => requests)),
      perSeconds: Math.max(...all.map(({ perSeconds }) => perSeconds)),
      headroom: limits.rate.headroom,
    },
    bucket: {
      perMinute: Math.min(...buckets.map(({ perMinute }) => perMinute)),
      burst: Math.min(...buckets.map(({ burst }) => burst)),
    },
    quota: strictestQuota(all.flatMap(({ quota }) => (quota === undefined ? [] : [quota]))),
  };
}

function strictestQuota(all: readonly ConfiguredQuota[]): ConfiguredQuota {
  return Object.fromEntries(
    targets.map((target) => {
      const least = (kind: 'files' | 'dirs') => {
        const stated = all.flatMap((quota) => quota[target]?.[kind] ?? []);
        return stated.length === 0 ? {} : { [kind]: Math.min(...stated) };
      };
      return [target, { ...least('files'), ...least('dirs') }];
    }),
  );
}

/** @returns whether the window already has these limits of a deployment */
export function isDeclared(
  window: RateWindow,
  deployment: string,
  { rate: { requests, perSeconds }, bucket, quota }: SharedLimits,
): boolean {
  const declared = window.declared[deployment];
  if (declared === undefined) return false;
  const known = figuresOf(declared);
  return figuresOf({ requests, perSeconds, bucket, quota }).every((figure, index) => figure === known[index]);
}

function figuresOf({ requests, perSeconds, bucket, quota }: Omit<DeclaredLimit, 'atMs'>) {
  const quotas = targets.flatMap((target) => [quota?.[target]?.files, quota?.[target]?.dirs]);
  return [requests, perSeconds, bucket?.perMinute, bucket?.burst, ...quotas];
}

/** @returns until when the window is closed for a deployment, in milliseconds; 0 where it never was */
export function closedForDeploymentUntilMs(window: RateWindow, deployment: string): number {
  return window.declared[deployment]?.closedUntilMs ?? 0;
}

/** @returns the window, closed at least until the given time for a deployment that has declared its limits */
export function closeForDeployment(window: RateWindow, deployment: string, untilMs: number): RateWindow {
  const own = window.declared[deployment];
  if (own === undefined || (own.closedUntilMs ?? 0) >= untilMs) return window;
  return { ...window, declared: { ...window.declared, [deployment]: { ...own, closedUntilMs: untilMs } } };
}
