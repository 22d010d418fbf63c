import { clampLimits } from '../../core/limits/clamp-times.ts';
import {
  closeForEveryone,
  type GrantedSlot,
  type LimitsAnswer,
  type LimitsRequest,
  type LimitsReservation,
  type LimitsState,
  markAnswers,
  type NotedAnswer,
  reserveRequest,
  type ThrottleAnswer,
} from '../../core/limits/limits.ts';
import type { Pacing } from '../../core/limits/requests/pacing.ts';
import { usedShareOf } from '../../core/limits/requests/reserve-paced.ts';
import {
  closedForDeploymentUntilMs,
  closeForDeployment,
  declareLimits,
  isDeclared,
  type SharedLimits,
  strictestLimits,
} from '../../core/limits/shared-limit.ts';
import { PurgerError } from '../../core/model/errors.ts';
import type { LimitsItem } from './limits-item.ts';
import { createLimitsStore, type StoredState } from './limits-store.ts';

/** What requests were granted, or why the first of them was not. */
export type LimitsGrant =
  | {
      readonly kind: 'granted';
      readonly slots: readonly GrantedSlot[];
      /** The share that is used then of what the window or the bucket gives, whichever is larger; above 1 where the window was lowered. */
      readonly usedShare: number;
      /** In milliseconds: a request that is not sent by then may arrive when its slot no longer covers it. */
      readonly sentByMs: number;
    }
  | (LimitsReservation & { readonly kind: 'wait' | 'short' });

/** All that limits purge requests, in DynamoDB, shared by all consumers of all deployments that name the same table. */
export interface LimitsTable {
  /** @returns the limits as they are now, with this deployment's declared and all answers noted so far */
  read(): Promise<LimitsState>;
  /**
   * Reserves slots for requests whose turn it is: for the first, and for those right behind it as far as theirs has
   * come as well, all in one write. A slot is spent from then on, whatever happens to its request.
   * @param requests at least one, in the order in which they are to be sent
   * @param note is applied to the state first, and written whatever is granted
   * @returns slots for the first request and any that follow it, in their order
   * @throws what DynamoDB throws, and SlowLedgerError
   */
  reserve(
    requests: readonly LimitsRequest[],
    note?: (state: LimitsState) => LimitsState,
  ): Promise<LimitsGrant>;
  /** Notes that CDN Pro has answered a request, or that it was never sent. The next write has it. */
  answered(slot: GrantedSlot, answer: LimitsAnswer): void;
  /** Changes the state, in one write; none where `change` returns the state itself. */
  note(change: (state: LimitsState, nowMs: number) => LimitsState): Promise<void>;
  /**
   * Lets nobody send before the given time, or nobody of this deployment where the others can; at most for a window.
   * For everyone means that CDN Pro has answered that a limit is reached.
   */
  close(untilMs: number, forWhom: 'everyone' | 'this deployment', answer?: ThrottleAnswer): Promise<void>;
}

/** Options of {@link createLimitsTable}. */
export interface LimitsTableOptions extends LimitsItem {
  /** Called once when a stricter limit begins to hold because another deployment declares it. */
  readonly onStricterLimit?: (limits: SharedLimits) => void;
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
/** So many writes in a row may find that somebody else has written. */
const mostLostRaces = 20;

/** Writing to the ledger took so long, or so many tries, that its slots cannot be used. */
export class SlowLedgerError extends PurgerError {
  override readonly name = 'SlowLedgerError';
}

/** The limits as they are now, and how they were stored. */
interface Opened {
  readonly stored: StoredState;
  readonly state: LimitsState;
  /** The strictest that are declared. */
  readonly limits: LimitsItem['limits'];
  readonly nowMs: number;
  /** Whether others who read what is stored would go by something else. */
  readonly isNews: boolean;
  /** To be called once this state is written. */
  readonly written: () => void;
}

/** @returns the limits in the given table */
export function createLimitsTable(options: LimitsTableOptions): LimitsTable {
  const { deployment, clockDifferenceMs, guardMs } = options;
  const store = createLimitsStore(options);
  const answers = createAnswerNotes(options);
  const notifyIfStricter = createStricterNotice(options);

  /** What was read just before, for the first who writes: if it is out of date, the write does not succeed. */
  let readAhead: { readonly stored: StoredState; readonly atMs: number } | undefined;

  async function readStored(): Promise<StoredState> {
    const ahead = readAhead;
    readAhead = undefined;
    if (ahead !== undefined && options.nowMs() - ahead.atMs <= slowestWriteMs) return ahead.stored;
    return store.read();
  }

  async function read(): Promise<LimitsState> {
    readAhead = undefined;
    const { stored, state, nowMs } = await open();
    readAhead = { stored, atMs: nowMs };
    return state;
  }

  async function open(): Promise<Opened> {
    const stored = await readStored();
    const nowMs = options.nowMs();
    const { perSeconds } = strictestLimits(stored.state.window, options.limits).rate;
    const clamped = clampLimits(
      stored.state,
      { clockDifferenceMs, guardMs, windowMs: perSeconds * 1000 },
      nowMs,
    );
    const window = declareLimits(clamped.window, deployment, options.limits, nowMs);
    const limits = strictestLimits(window, options.limits);
    notifyIfStricter(limits);
    const { noted, written } = answers.take();
    const isNews = clamped !== stored.state || !isDeclared(stored.state.window, deployment, options.limits);
    return {
      stored,
      state: markAnswers({ ...clamped, window }, limits, noted, clockDifferenceMs),
      limits,
      nowMs,
      isNews: isNews || stored.isNew,
      written,
    };
  }

  /** @returns whether the state was written: nobody else has written since it was opened */
  async function save({ stored, written }: Opened, state: LimitsState): Promise<boolean> {
    const isSaved = await store.write(stored, state);
    if (isSaved) written();
    return isSaved;
  }

  /** @returns undefined where another consumer has written in the meantime */
  async function tryReserve(
    requests: readonly LimitsRequest[],
    note: (state: LimitsState) => LimitsState,
  ): Promise<LimitsGrant | undefined> {
    const opened = await open();
    const noted = note(opened.state);
    const acquired = acquire(requests, noted, opened, options);
    if (acquired.grant.kind !== 'granted') {
      // Others who do not know of a stricter limit would keep the window too full for it forever.
      const isWorthWriting = opened.isNews || noted !== opened.state;
      return !isWorthWriting || (await save(opened, noted)) ? acquired.grant : undefined;
    }
    if (!(await save(opened, acquired.state))) return undefined;
    const tookMs = options.nowMs() - opened.nowMs;
    if (tookMs <= slowestWriteMs) return acquired.grant;
    // Or a table that is slow for some minutes would use up the day without a request.
    for (const slot of acquired.grant.slots) answers.note(slot, { isUnsent: true });
    throw new SlowLedgerError(
      `Expected the ledger to be written within ${slowestWriteMs} ms, took ${tookMs} ms`,
    );
  }

  async function note(change: (state: LimitsState, opened: Opened) => LimitsState): Promise<void> {
    await untilWritten(async () => {
      const opened = await open();
      const changed = change(opened.state, opened);
      return changed === opened.state || (await save(opened, changed)) ? true : undefined;
    });
  }

  return {
    read,
    reserve: (requests, note = (state) => state) => untilWritten(() => tryReserve(requests, note)),
    answered: answers.note,
    note: (change) => note((state, { nowMs }) => change(state, nowMs)),
    close: (untilMs, forWhom, answer) =>
      note((state, { limits, nowMs }) => {
        const boundedMs = Math.min(untilMs, nowMs + limits.rate.perSeconds * 1000);
        if (forWhom === 'everyone') return closeForEveryone(state, boundedMs, nowMs, answer);
        const window = closeForDeployment(state.window, deployment, boundedMs);
        return window === state.window ? state : { ...state, window };
      }),
  };
}

/** Reserves as many of the requests as have their turn. */
function acquire(
  requests: readonly LimitsRequest[],
  noted: LimitsState,
  { limits, nowMs }: Opened,
  { deployment, guardMs, pacing }: LimitsTableOptions,
): { readonly grant: LimitsGrant; readonly state: LimitsState } {
  const untilMs = closedForDeploymentUntilMs(noted.window, deployment);
  if (nowMs < untilMs) {
    const usedShare = usedShareOf(noted.window, limits.rate, nowMs);
    return { grant: { kind: 'wait', for: 'window', untilMs, usedShare }, state: noted };
  }
  const slots: GrantedSlot[] = [];
  let state = noted;
  let usedShare = 0;
  for (const request of requests) {
    const reservation = reserveRequest(state, limits, request, { guardMs, nowMs, pacing });
    if (reservation.kind !== 'granted' && slots.length === 0) return { grant: reservation, state };
    if (reservation.kind !== 'granted') break;
    ({ state, usedShare } = reservation);
    slots.push(reservation.slot);
  }
  const sentByMs = nowMs + slowestWriteMs;
  return { grant: { kind: 'granted', slots, usedShare, sentByMs }, state };
}

/** Tries again as long as others were faster, which means that they made progress. */
async function untilWritten<Result>(attempt: () => Promise<Result | undefined>): Promise<Result> {
  for (let tries = 0; tries < mostLostRaces; tries++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new SlowLedgerError(
    `Expected the ledger to be written within ${mostLostRaces} tries, others were faster each time`,
  );
}

/** Answers that are noted until a write has them. */
function createAnswerNotes({ nowMs }: LimitsTableOptions) {
  const pending = new Set<NotedAnswer>();
  return {
    note(slot: GrantedSlot, answer: LimitsAnswer): void {
      pending.add({ ...answer, slot, answeredMs: nowMs() });
    },
    /** @returns all that is noted so far, and what to call once it is written */
    take() {
      const noted = [...pending];
      const written = () => {
        for (const answer of noted) pending.delete(answer);
      };
      return { noted, written };
    },
  };
}

/** Notifies once each time that another deployment's limits begin to hold in place of this one's. */
function createStricterNotice({
  limits: { rate, bucket },
  onStricterLimit,
}: LimitsTableOptions): (agreed: SharedLimits) => void {
  let isNoted = false;
  return (agreed) => {
    const isStricter =
      agreed.rate.requests < rate.requests ||
      agreed.rate.perSeconds > rate.perSeconds ||
      agreed.bucket.perMinute < bucket.perMinute ||
      agreed.bucket.burst < bucket.burst;
    if (isStricter && !isNoted) onStricterLimit?.(agreed);
    isNoted = isStricter;
  };
}
