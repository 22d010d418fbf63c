import type { DeclaredLimit, RateLimit, RateWindow } from './window.ts';

/** A deployment that has not sent anything for longer than this, in milliseconds, no longer counts: it may be gone. */
const statementLifeMs = 7 * 24 * 60 * 60 * 1000;

/**
 * Notes what a deployment states in a window that it may share, and finds the limit to go by: the fewest requests and
 * the longest time that anybody states. A deployment that states a shorter time would otherwise drop places that
 * another one still has to count, and both together would go over the limit. The headroom stays each one's own.
 * @param deployment names who asks, the same at each time
 */
export function strictestLimit(
  window: RateWindow,
  deployment: string,
  limit: RateLimit,
  nowMs: number,
): { readonly window: RateWindow; readonly limit: RateLimit } {
  const { requests, perSeconds, headroom } = limit;
  const others = Object.entries(window.declared).filter(
    ([name, { atMs }]) => name !== deployment && nowMs - atMs <= statementLifeMs,
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

/** @returns whether the window already says what a deployment states */
export function isDeclared(
  window: RateWindow,
  deployment: string,
  { requests, perSeconds }: RateLimit,
): boolean {
  const said = window.declared[deployment];
  return said?.requests === requests && said.perSeconds === perSeconds;
}

/** @returns the window, closed for a deployment that it has a statement of, at least until the given time */
export function closeForDeployment(window: RateWindow, deployment: string, untilMs: number): RateWindow {
  const own = window.declared[deployment];
  if (own === undefined || (own.closedUntilMs ?? 0) >= untilMs) return window;
  return { ...window, declared: { ...window.declared, [deployment]: { ...own, closedUntilMs: untilMs } } };
}
