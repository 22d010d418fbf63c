import { planEntries, type RequestLimits } from '../core/planning/plan.ts';
import type { PlannedRequest } from '../core/planning/planned-request.ts';

/** Most requests under way at once: enough to empty a full batch in about a second. */
const maxUnderWay = 8;
/** The longest that SQS keeps a message away, in seconds. */
const maxDelaySeconds = 900;

/** What to do next. */
export type NextStep =
  /** Acquire slots for these, and send those that get one. */
  | { readonly kind: 'send'; readonly requests: readonly PlannedRequest[] }
  | { readonly kind: 'await-answer' }
  | { readonly kind: 'sleep'; readonly ms: number }
  /** Nothing is under way any more. What is left stays away for so long. */
  | { readonly kind: 'end'; readonly delaySeconds: number };

/**
 * The state of sending the requests of one batch: what waits, what is under way, and how CDN Pro has answered so far.
 * Each answer is one or more of its transitions; {@link Run.nextStep} says what follows from them.
 */
export class Run {
  readonly #deadlineMs: number;
  #limits: RequestLimits;
  #waiting: readonly PlannedRequest[];
  readonly #underWay = new Set<Promise<void>>();
  /** Answers without a verdict in a row; several that were under way at once count as one. */
  #failures = 0;
  /** Times that the credentials were refused, counted the same way. */
  #refusals = 0;
  /** When the last of these two came in. */
  #failedMs = Number.NEGATIVE_INFINITY;
  #pauseUntilMs = 0;
  #stoppedForSeconds: number | undefined;

  /**
   * @param requests in the order in which to send them
   * @param deadlineMs when to stop sending, in milliseconds
   */
  constructor(requests: readonly PlannedRequest[], limits: RequestLimits, deadlineMs: number) {
    this.#limits = limits;
    this.#waiting = requests;
    this.#deadlineMs = deadlineMs;
  }

  /** What a request may carry; less once CDN Pro has called one too large. */
  get limits(): RequestLimits {
    return this.#limits;
  }

  /** Requests that are to be sent, in this order. */
  get waiting(): readonly PlannedRequest[] {
    return this.#waiting;
  }

  get failures(): number {
    return this.#failures;
  }

  get refusals(): number {
    return this.#refusals;
  }

  nextStep(nowMs: number): NextStep {
    const isOver = this.#isStopped || this.#waiting.length === 0 || nowMs >= this.#deadlineMs;
    const isPaused = this.#pauseUntilMs > nowMs;
    const waitsForAll = isOver || isPaused || this.#failures > 0;
    if (this.#underWay.size >= (waitsForAll ? 1 : maxUnderWay)) return { kind: 'await-answer' };
    if (isOver) return { kind: 'end', delaySeconds: this.#stoppedForSeconds ?? 0 };
    if (isPaused) return this.#pause(this.#pauseUntilMs - nowMs);
    // As many as may be under way, by one write; after a failure, one to see whether all is well again.
    const atOnce = this.#failures > 0 ? 1 : maxUnderWay - this.#underWay.size;
    return { kind: 'send', requests: this.#waiting.slice(0, atOnce) };
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

  /** Sends a waiting request, unless it was split while its slot was acquired. */
  start(request: PlannedRequest, send: () => Promise<void>): void {
    if (!this.#waiting.includes(request)) return;
    this.#waiting = this.#waiting.filter((each) => each !== request);
    const sending = send().finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
  }

  /** Resolves when one of the requests under way is dealt with. */
  async nextAnswer(): Promise<void> {
    await Promise.race(this.#underWay);
  }

  /** Sends these before all others. */
  retry(requests: readonly PlannedRequest[]): void {
    this.#waiting = [...requests, ...this.#waiting];
  }

  /** Sends these no more. */
  withdraw(requests: readonly PlannedRequest[]): void {
    this.#waiting = this.#waiting.filter((each) => !requests.includes(each));
  }

  noteAccepted(): void {
    this.#failures = 0;
  }

  /**
   * @param sentMs when the request was sent
   * @returns whether that was after the last failure was known: requests that were under way with it fail for the same
   * reason
   */
  isNews(sentMs: number): boolean {
    return sentMs >= this.#failedMs;
  }

  /** Notes an answer without a verdict on the content. */
  noteFailure(sentMs: number, nowMs: number): void {
    if (this.isNews(sentMs)) this.#failures++;
    this.#failedMs = nowMs;
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

  /** Lets no request carry more file URLs than this, and plans those that wait anew. Nothing is coalesced any more. */
  lowerMaxFileUrls(maxFileUrls: number): void {
    const { coalesce: _, ...uncoalesced } = this.#limits;
    const limits = { ...uncoalesced, maxFileUrls };
    this.#limits = limits;
    this.#waiting = this.#waiting.flatMap(({ entries }) => planEntries(entries, limits));
  }
}
