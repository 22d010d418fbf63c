import type { DeclaredLimit, RateLimit, RateWindow } from './window.ts';

/** A deployment that has not sent anything for longer than this, in milliseconds, no longer counts: it may be gone. */
const declarationLifeMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Declares a deployment's limit in a window that it may share, and finds the strictest of all: the fewest requests and
 * the longest time. A deployment with a shorter time would otherwise drop slots that another one still has to count,
 * and both together would go over the limit. The headroom stays each one's own.
 * @param deployment names the deployment, the same each time
 */
export function strictestLimit(
  window: RateWindow,
  deployment: string,
  limit: RateLimit,
  nowMs: number,
): { readonly window: RateWindow; readonly limit: RateLimit } {
  const { requests, perSeconds, headroom } = limit;
  const others = Object.entries(window.declared).filter(
    ([name, { atMs }]) => name !== deployment && nowMs - atMs <= declarationLifeMs,
  );
  const { closedUntilMs = 0 } = window.declared[deployment] ?? {};
  const own: DeclaredLimit = {
    requests,
    perSeconds,
    atMs: nowMs,
    ...(closedUntilMs > nowMs && { closedUntilMs }),
  };
  const declared = { ...Object.fromEntries(others), [deployment]: own };
  const all = Object.values(declared);
  return {
    window: { ...window, declared },
    limit: {
      requests: Math.min(...all.map((each) => each.requests)),
      perSeconds: Math.max(...all.map((each) => each.perSeconds)),
      headroom,
    },
  };
}

/** @returns whether the window already has this limit of a deployment */
export function isDeclared(
  window: RateWindow,
  deployment: string,
  { requests, perSeconds }: RateLimit,
): boolean {
  const declared = window.declared[deployment];
  return declared?.requests === requests && declared.perSeconds === perSeconds;
}

/** @returns until when the window is closed for a deployment, in milliseconds; 0 where it never was */
export function closedForDeploymentUntilMs(window: RateWindow, deployment: string): number {
  return window.declared[deployment]?.closedUntilMs ?? 0;
}

/** @returns the window, closed at least until the given time for a deployment that has declared its limit */
export function closeForDeployment(window: RateWindow, deployment: string, untilMs: number): RateWindow {
  const own = window.declared[deployment];
  if (own === undefined || (own.closedUntilMs ?? 0) >= untilMs) return window;
  return { ...window, declared: { ...window.declared, [deployment]: { ...own, closedUntilMs: untilMs } } };
}
