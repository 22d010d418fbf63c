import { leftoverPacing, type Pacing, type SlotRequest } from './pacing.ts';
import {
  type RateLimit,
  type RateWindow,
  requestsInWindow,
  reserve,
  type Slot,
  usedSlots,
} from './window.ts';

/** A window at a time, and the terms on which it gives slots. */
export interface SlotTerms {
  readonly window: RateWindow;
  readonly limit: RateLimit;
  /** See {@link reserve}. */
  readonly guardMs: number;
  readonly nowMs: number;
  /** @default leftoverPacing */
  readonly pacing?: Pacing;
}

/** Why a request waits: the window has no slot, or pacing keeps the slot for later. */
export interface SlotWait {
  readonly kind: 'wait';
  readonly untilMs: number;
  /** A request that waits for `pace` may find more to carry by then. */
  readonly for: 'window' | 'pace';
  /** The share of the window's slots that is used, above 1 where the limit was lowered. */
  readonly usedShare: number;
}

/** One slot and the window without it, or when to ask again. */
export type PacedReservation =
  | {
      readonly kind: 'granted';
      readonly window: RateWindow;
      readonly slot: Slot;
      readonly usedShare: number;
    }
  | SlotWait;

/** Reserves a slot for one request where the window has one and pacing lets the request go. */
export function reservePaced(
  request: SlotRequest,
  { window, limit, guardMs, nowMs, pacing = leftoverPacing }: SlotTerms,
): PacedReservation {
  const reservation = reserve(window, limit, guardMs, nowMs);
  if (reservation.kind === 'wait') {
    return { ...reservation, for: 'window', usedShare: usedShareOf(window, limit, nowMs) };
  }
  const decision = pacing(window, limit, request, nowMs);
  if (decision.kind === 'wait') {
    return { ...decision, for: 'pace', usedShare: usedShareOf(window, limit, nowMs) };
  }
  return {
    ...reservation,
    window: { ...reservation.window, pace: decision.pace },
    usedShare: usedShareOf(reservation.window, limit, nowMs),
  };
}

/** @returns the share of the window's slots that is used, above 1 where the limit was lowered */
export function usedShareOf(window: RateWindow, limit: RateLimit, nowMs: number): number {
  return usedSlots(window, limit, nowMs).length / requestsInWindow(limit);
}
