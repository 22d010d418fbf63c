import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { acquireSlots } from '../core/limits/acquire-slots.ts';
import type { Pacing, SlotRequest } from '../core/limits/pacing.ts';
import {
  closedForDeploymentUntilMs,
  closeForDeployment,
  isDeclared,
  strictestLimit,
} from '../core/limits/shared-limit.ts';
import {
  closeWindow,
  markAnswered,
  type RateLimit,
  type RateWindow,
  type Slot,
} from '../core/limits/window.ts';
import { PurgerError } from '../core/model/errors.ts';
import { readWindow, writeWindow } from './rate-window-item.ts';

/**
 * Slots of the rate limit's window, or when to ask again and what is waited for; and the share of the window's slots
 * that is used then, above 1 where the limit was lowered.
 */
export type SlotGrant =
  | { readonly kind: 'granted'; readonly slots: readonly Slot[]; readonly usedShare?: number }
  | {
      readonly kind: 'wait';
      readonly untilMs: number;
      readonly for?: 'window' | 'pace';
      readonly usedShare?: number;
    };

/** The rate limit's window in DynamoDB, shared by all consumers of all deployments that name the same table. */
export interface Ledger {
  /**
   * Reserves slots for requests whose turn it is: for the first, and for those right behind it as far as theirs has
   * come as well, all in one write. A slot is spent from then on, whatever happens to its request.
   * @param requests at least one, in the order in which they are to be sent
   * @returns a slot for the first request and any that follow it, in their order; `wait` where not even the first
   * has its turn
   * @throws what DynamoDB throws, and SlowLedgerError
   */
  reserve(requests: readonly SlotRequest[]): Promise<SlotGrant>;
  /** Notes that CDN Pro has answered the request in a slot. The next reservation writes it down. */
  noteAnswer(slot: Slot): void;
  /** Lets nobody send before the given time, or nobody of this deployment where the others can. */
  close(untilMs: number, forWhom: 'everyone' | 'this deployment'): Promise<void>;
}

/** Options of {@link createLedger}. */
export interface LedgerOptions {
  readonly client: DynamoDBClient;
  /** Name or ARN of the table. */
  readonly tableName: string;
  /** Names the deployment among those that share the table. */
  readonly deployment: string;
  readonly limit: RateLimit;
  /** Called once when a stricter limit begins to hold because another deployment declares it. */
  readonly onStricterLimit?: (limit: RateLimit) => void;
  /**
   * The longest time from a slot's reservation to its request's arrival at CDN Pro, in milliseconds, clocks'
   * differences and {@link slowestWriteMs} included.
   */
  readonly guardMs: number;
  /** The most that the clocks of two consumers differ, in milliseconds. */
  readonly clockDifferenceMs: number;
  /** @default leftoverPacing */
  readonly pacing?: Pacing;
  readonly nowMs: () => number;
}

/** A slot whose writing took longer than this, in milliseconds, is not used: its request might arrive too late. */
export const slowestWriteMs = 1000;

/** Writing a reservation took so long that its slots cannot be used. */
export class SlowLedgerError extends PurgerError {
  override readonly name = 'SlowLedgerError';
}

/** @returns the ledger in the given table */
export function createLedger(options: LedgerOptions): Ledger {
  const { deployment, limit, nowMs } = options;
  const answers = createAnswerNotes(options);
  const notifyIfStricter = createStricterNotice(options);

  /** @returns undefined where another consumer has written the window in the meantime */
  async function tryReserve(requests: readonly SlotRequest[]): Promise<SlotGrant | undefined> {
    const { window: stored, version } = await readWindow(options);
    const { window: marked, written } = answers.markedIn(stored);
    const reservedMs = nowMs();
    const agreed = strictestLimit(marked, deployment, limit, reservedMs);
    notifyIfStricter(agreed.limit);
    const closedUntilMs = closedForDeploymentUntilMs(agreed.window, deployment);
    if (reservedMs < closedUntilMs) return { kind: 'wait', untilMs: closedUntilMs };
    const acquired = acquireSlots(requests, { ...options, ...agreed, nowMs: reservedMs });
    if (acquired.kind === 'wait') {
      // Others who do not know of a stricter limit would keep the window too full for it forever.
      if (!isDeclared(stored, deployment, limit) && (await writeWindow(options, agreed.window, version))) {
        written();
      }
      return acquired;
    }
    if (!(await writeWindow(options, acquired.window, version))) return undefined;
    written();
    refuseSlowWrite(nowMs() - reservedMs);
    return { kind: 'granted', slots: acquired.slots, usedShare: acquired.usedShare };
  }

  return {
    async reserve(requests) {
      // A lost race means that another consumer made progress, so this ends.
      for (;;) {
        const grant = await tryReserve(requests);
        if (grant !== undefined) return grant;
      }
    },
    noteAnswer: answers.note,
    async close(untilMs, forWhom) {
      for (;;) {
        const { window, version } = await readWindow(options);
        const closed =
          forWhom === 'everyone'
            ? closeWindow(window, untilMs)
            : closeForDeployment(
                strictestLimit(window, deployment, limit, nowMs()).window,
                deployment,
                untilMs,
              );
        if (closed === window || (await writeWindow(options, closed, version))) return;
      }
    },
  };
}

function refuseSlowWrite(tookMs: number): void {
  if (tookMs > slowestWriteMs) {
    throw new SlowLedgerError(
      `Expected the ledger to be written within ${slowestWriteMs} ms, took ${tookMs} ms`,
    );
  }
}

/** Answers that are noted until a write has them. */
function createAnswerNotes({ nowMs, clockDifferenceMs }: LedgerOptions) {
  const noted = new Map<Slot, number>();
  return {
    note(slot: Slot): void {
      noted.set(slot, nowMs() + clockDifferenceMs);
    },
    /** @returns the window with all that is noted so far, and what to call once it is written */
    markedIn(stored: RateWindow) {
      const marks = [...noted];
      const window = marks.reduce((window, [slot, byMs]) => markAnswered(window, slot, byMs), stored);
      const written = () => {
        for (const [slot] of marks) noted.delete(slot);
      };
      return { window, written };
    },
  };
}

/** Notifies once each time that another deployment's limit begins to hold in place of this one's. */
function createStricterNotice({ limit, onStricterLimit }: LedgerOptions): (agreed: RateLimit) => void {
  let isNoted = false;
  return (agreed) => {
    const isStricter = agreed.requests < limit.requests || agreed.perSeconds > limit.perSeconds;
    if (isStricter && !isNoted) onStricterLimit?.(agreed);
    isNoted = isStricter;
  };
}
