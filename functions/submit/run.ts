import type { Target } from '../core/model/types.ts';
import { planEntries, type RequestLimits } from '../core/planning/plan.ts';
import type { PlannedEntry, PlannedRequest } from '../core/planning/planned-request.ts';
import type { Failure } from '../core/planning/refusals/failure.ts';
import type { Isolation } from '../core/planning/refusals/isolate.ts';
import { type LearnedSize, lowerLimits } from '../core/planning/refusals/learned-limits.ts';
import { maxDelaySeconds } from './messages/return-messages.ts';

/** Most requests under way at once: enough to empty a full batch in about a second. */
const maxUnderWay = 8;

/** What to do next. */
export type NextStep =
  /** Acquire slots for these, and send those that get one. */
  | { readonly kind: 'send'; readonly requests: readonly PlannedRequest[] }
  /** Read what is left of a target's tokens: more cannot be decided before. */
  | { readonly kind: 'ask-tokens'; readonly target: Target }
  | { readonly kind: 'await-answer' }
  | { readonly kind: 'sleep'; readonly ms: number }
  /** Nothing is under way any more. What is left stays away for so long. */
  | { readonly kind: 'end'; readonly delaySeconds: number };

/** Options of {@link Run}. */
export interface RunOptions {
  readonly limits: RequestLimits;
  /** When to stop sending, in milliseconds. */
  readonly deadlineMs: number;
  /** Takes what is not accepted, and may have requests already that are to be kept apart. */
  readonly isolation: Isolation;
}

/**
 * The state of sending the requests of one batch: what waits, what is under way, and how CDN Pro has answered so far.
 * Each answer is one or more of its transitions; {@link Run.nextStep} says what follows from them. What was not accepted
 * is in the hands of its {@link Isolation}, and goes behind all others.
 */
export class Run {
  readonly #deadlineMs: number;
  readonly #isolation: Isolation;
  #limits: RequestLimits;
  #waiting: readonly PlannedRequest[];
  #askedTarget: Target | undefined;
  readonly #underWay = new Set<Promise<void>>();
  /** Answers without a verdict in a row; several that were under way at once count as one. */
  #failures = 0;
  /** Of these in a row, how many said that a limit is reached. */
  #throttles = 0;
  /** Times that the credentials were refused, counted the same way. */
  #refusals = 0;
  /** When the last of these two came in. */
  #failedMs = Number.NEGATIVE_INFINITY;
  #pauseUntilMs = 0;
  #stoppedForSeconds: number | undefined;
  /** What the first request threw that threw anything. */
  #thrown: { readonly error: unknown } | undefined;

  /** @param requests in the order in which to send them */
  constructor(requests: readonly PlannedRequest[], { limits, deadlineMs, isolation }: RunOptions) {
    this.#limits = limits;
    this.#waiting = requests;
    this.#deadlineMs = deadlineMs;
    this.#isolation = isolation;
  }

  /** What a request may carry; less once CDN Pro has refused one for its size. */
  get limits(): RequestLimits {
    return this.#limits;
  }

  /** Requests that are to be sent, in this order; then what the isolation has. */
  get waiting(): readonly PlannedRequest[] {
    return [...this.#waiting, ...this.#isolation.waiting];
  }

  /** Whether answers are due. */
  get isUnderWay(): boolean {
    return this.#underWay.size > 0;
  }

  get failures(): number {
    return this.#failures;
  }

  get throttles(): number {
    return this.#throttles;
  }

  get refusals(): number {
    return this.#refusals;
  }

  /** @throws what sending a request has thrown, since its entries are not settled */
  nextStep(nowMs: number): NextStep {
    if (this.#thrown !== undefined) throw this.#thrown.error;
    const isOver = this.#isStopped || this.waiting.length === 0 || nowMs >= this.#deadlineMs;
    const isPaused = this.#pauseUntilMs > nowMs;
    const waitsForAll = isOver || isPaused || this.#failures > 0;
    if (this.#underWay.size >= (waitsForAll ? 1 : maxUnderWay)) return { kind: 'await-answer' };
    if (isOver) return { kind: 'end', delaySeconds: this.#stoppedForSeconds ?? 0 };
    if (isPaused) return this.#pause(this.#pauseUntilMs - nowMs);
    if (this.#askedTarget !== undefined) return { kind: 'ask-tokens', target: this.#askedTarget };
    // As many as may be under way, by one write; after a failure, one to see whether all is well again.
    const atOnce = this.#failures > 0 ? 1 : maxUnderWay - this.#underWay.size;
    if (this.#waiting.length > 0) return { kind: 'send', requests: this.#waiting.slice(0, atOnce) };
    const target = this.#isolation.wantedTokens(nowMs);
    if (target !== undefined) return { kind: 'ask-tokens', target };
    const requests = this.#isolation.next(atOnce);
    if (requests.length > 0) return { kind: 'send', requests };
    return this.#underWay.size > 0 ? { kind: 'await-answer' } : { kind: 'end', delaySeconds: 0 };
  }

  #pause(ms: number): NextStep {
    return this.#pauseUntilMs >= this.#deadlineMs
      ? { kind: 'end', delaySeconds: Math.min(maxDelaySeconds, Math.ceil(ms / 1000)) }
      : { kind: 'sleep', ms };
  }

  get #isStopped(): boolean {
    return this.#stoppedForSeconds !== undefined;
  }

  /** @returns whether requests that have slots may be sent: an answer may have come while the slots were acquired */
  maySend(nowMs: number): boolean {
    return !this.#isStopped && this.#pauseUntilMs <= nowMs;
  }

  /** Hands requests of which all of the scope may be refused over to the isolation. @returns whether there were any */
  holdQuestioned(nowMs: number): boolean {
    const questioned = this.#isolation.questionedOf(this.#waiting, nowMs);
    if (questioned.length === 0) return false;
    this.withdraw(questioned);
    for (const request of questioned) this.#isolation.hold(request, 'scope', nowMs);
    return true;
  }

  /** Sends a waiting request, unless it was split while its slot was acquired. @returns whether it is sent */
  start(request: PlannedRequest, send: () => Promise<void>): boolean {
    if (this.#waiting.includes(request)) this.withdraw([request]);
    else if (!this.#isolation.start(request)) return false;
    const sending = send()
      .catch((error: unknown) => {
        this.#thrown ??= { error };
      })
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    return true;
  }

  /** Resolves when one of the requests under way is dealt with. */
  async nextAnswer(): Promise<void> {
    await Promise.race(this.#underWay);
  }

  /** Sends these before all others, or where they had their place in the isolation. */
  retry(requests: readonly PlannedRequest[]): void {
    this.#waiting = [...requests.filter((request) => !this.#isolation.putBack(request)), ...this.#waiting];
  }

  /**
   * Sends these first of those that wait.
   * @returns whether there are any that were not first already
   */
  sendFirst(isFirst: (request: PlannedRequest) => boolean): boolean {
    const first = this.#waiting.filter(isFirst);
    const isNews = first.some((request, index) => this.#waiting[index] !== request);
    if (isNews) this.#waiting = [...first, ...this.#waiting.filter((request) => !isFirst(request))];
    return isNews;
  }

  /**
   * Takes out what waits behind the first few of a kind, whatever it is: in here, it would go before those.
   * @param stays which requests are left in any case
   */
  takeBehind(
    most: number,
    isOfKind: (request: PlannedRequest) => boolean,
    stays: (request: PlannedRequest) => boolean,
  ): readonly PlannedRequest[] {
    const first = this.#waiting.filter((request) => isOfKind(request) && !stays(request))[most];
    if (first === undefined) return [];
    const behind = new Set(this.#waiting.slice(this.#waiting.indexOf(first)).filter((each) => !stays(each)));
    this.#waiting = this.#waiting.filter((request) => !behind.has(request));
    return [...behind];
  }

  /** Sends these no more. */
  withdraw(requests: readonly PlannedRequest[]): void {
    this.#waiting = this.#waiting.filter((each) => !requests.includes(each));
    this.#isolation.withdraw(requests);
  }

  accepted(request: PlannedRequest, nowMs: number): void {
    this.#failures = 0;
    this.#throttles = 0;
    this.#isolation.accepted(request, nowMs);
  }

  /** Notes that a request was not accepted, for a reason that may lie in it. */
  failed(request: PlannedRequest, failure: Failure, nowMs: number): void {
    this.#isolation.failed(request, failure, nowMs);
  }

  /** Has a target's tokens read, since they may be used up. */
  askTokens(target: Target | undefined): void {
    this.#askedTarget = target;
  }

  /**
   * @param sentMs when the request was sent
   * @returns whether that was after the last failure was known: requests that were under way with it fail for the same
   * reason
   */
  isNews(sentMs: number): boolean {
    return sentMs >= this.#failedMs;
  }

  /** Notes an answer that says that nobody is served at the moment. */
  noteFailure(sentMs: number, nowMs: number): void {
    if (this.isNews(sentMs)) this.#failures++;
    this.#failedMs = nowMs;
  }

  /** Notes an answer that says that a limit is reached. */
  noteThrottled(sentMs: number, nowMs: number): void {
    if (this.isNews(sentMs)) this.#throttles++;
    this.noteFailure(sentMs, nowMs);
  }

  /** Notes that CDN Pro has refused the credentials. */
  noteRefusal(sentMs: number, nowMs: number): void {
    if (this.isNews(sentMs)) this.#refusals++;
    this.#failedMs = nowMs;
  }

  /** Notes that nothing could be sent, since the ledger or the credentials could not be read. */
  noteUnsent(): void {
    this.#failures++;
  }

  /** Sends nothing before this time, or before a later one that was given earlier. */
  pauseUntil(untilMs: number): void {
    this.#pauseUntilMs = Math.max(untilMs, this.#pauseUntilMs);
  }

  /** Sends nothing more. What is left stays away for so long, or longer if that was said before. */
  stopFor(seconds: number): void {
    this.#stoppedForSeconds = Math.max(seconds, this.#stoppedForSeconds ?? 0);
  }

  /**
   * Lets no request be larger than this, and plans those that wait anew. Nothing is coalesced any more.
   * @returns whether they may have been larger before
   */
  lowerLimits(learned: LearnedSize): boolean {
    const { coalesce: _, ...uncoalesced } = lowerLimits(this.#limits, learned);
    const { maxFileUrls, maxBodyBytes } = this.#limits;
    this.#limits = uncoalesced;
    this.#waiting = this.#waiting.flatMap(({ entries }) => planEntries(entries, uncoalesced));
    return uncoalesced.maxFileUrls < maxFileUrls || uncoalesced.maxBodyBytes < maxBodyBytes;
  }

  /** Takes requests back that the isolation has held. */
  release(requests: readonly PlannedRequest[]): void {
    const { coalesce: _, ...uncoalesced } = this.#limits;
    this.retry(requests.flatMap(({ entries }) => planEntries(entries, uncoalesced)));
  }

  /** Sends what entries that have failed would have covered: it is not at fault. Coalesced again, it would be refused again. */
  uncover(failed: readonly PlannedEntry[]): void {
    const { coalesce: _, ...uncoalesced } = this.#limits;
    this.retry(
      planEntries(
        failed.flatMap(({ covered = [] }) => covered),
        uncoalesced,
      ),
    );
  }
}
