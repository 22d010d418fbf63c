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

/** Slots and the window without them, or when to ask again. */
export type AcquiredSlots =
  | {
      readonly kind: 'granted';
      readonly window: RateWindow;
      readonly slots: readonly Slot[];
      readonly usedShare: number;
    }
  | SlotWait;

/**
 * Acquires slots for requests in their order, up to the first that has to wait.
 * @param requests at least one
 * @returns `wait` where already the first has to wait
 */
export function acquireSlots(requests: readonly SlotRequest[], terms: SlotTerms): AcquiredSlots {
  const slots: Slot[] = [];
  let { window } = terms;
  let usedShare = 0;
  for (const request of requests) {
    const reservation = reservePaced(request, { ...terms, window });
    if (reservation.kind === 'wait' && slots.length === 0) return reservation;
    if (reservation.kind === 'wait') break;
    window = reservation.window;
    usedShare = reservation.usedShare;
    slots.push(reservation.slot);
  }
  return { kind: 'granted', window, slots, usedShare };
}

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

function usedShareOf(window: RateWindow, limit: RateLimit, nowMs: number): number {
  return usedSlots(window, limit, nowMs).length / requestsInWindow(limit);
}
