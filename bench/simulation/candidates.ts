import type { Pacing } from '../../functions/core/limits/requests/pacing.ts';

/** Ways of pacing that were considered; `docs/adr/0020-pacing.md` compares them. */

/** Everything goes while the window has a slot. */
export const greedy: Pacing = ({ pace }) => ({ kind: 'go', pace });

/** A token bucket for every request. */
export function bucket(size: number, perSecond: number): Pacing {
  return ({ pace }, _limit, _request, nowMs) => pay(pace, size, perSecond, nowMs);
}

/** Full requests go while the window has a slot, partial ones through a token bucket. */
export function hybrid(size: number, perSecond: number): Pacing {
  return ({ pace }, _limit, { fillRatio }, nowMs) =>
    fillRatio >= 1 ? { kind: 'go', pace } : pay(pace, size, perSecond, nowMs);
}

function pay(
  pace: Parameters<Pacing>[0]['pace'],
  size: number,
  perSecond: number,
  nowMs: number,
): ReturnType<Pacing> {
  const atMs = Math.max(nowMs, pace.atMs);
  const spent = Math.max(0, pace.spent - ((atMs - pace.atMs) / 1000) * perSecond);
  const tooMuch = spent + 1 - size;
  if (tooMuch > 0) return { kind: 'wait', untilMs: atMs + Math.ceil((tooMuch / perSecond) * 1000) };
  return { kind: 'go', pace: { ...pace, spent: spent + 1, atMs } };
}
