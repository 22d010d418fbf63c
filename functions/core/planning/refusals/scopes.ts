import { entryKey } from '../../model/entry-key.ts';
import type { PlannedRequest } from '../planned-request.ts';
import { ExpiringMap } from './expiring-map.ts';

/** For how long the time of a failure or an acceptance is of use: longer than any wait in between. */
const evidenceMs = 60 * 60_000;
/** How long a scope waits the first time that it is refused whatever it asks for. */
const firstClosureMs = 15_000;

/**
 * Whose turn it is in a scope that is in doubt: of entries that have not failed alone, or of those that have. Each have their
 * own closures, so that none keeps the others from being tried.
 */
export type Turn = 'new' | 'failed';
export const turns: readonly Turn[] = ['new', 'failed'];
/**
 * So many entries may fail alone, in a scope that is in doubt, before their turn is over; but one while closures are short. Of
 * the new ones there may be more each hour, all of them bad.
 */
const triesInTurn = { new: 3, failed: 1 } as const;
const shortClosures = 4;
/** What has waited least comes so much later than what has waited longest, as a share of the closure. */
const longestLateness = 0.5;

/** That nothing of a scope is sent for a while. */
interface Closure {
  readonly untilMs: number;
  /** How long it is in all, in milliseconds. */
  readonly lengthMs: number;
  /** Since when those wait that wait the longest, as far as they were seen in this closure, and in the one before. */
  readonly oldestMs: number;
  readonly oldestBeforeMs: number;
}

interface TurnRecord {
  /** How often there was a closure since the last acceptance. */
  readonly closures: number;
  /** The last one, which may be over. */
  readonly closure: Closure;
  /** Entries that have failed alone since then. */
  readonly failed: readonly string[];
}

interface ScopeRecord extends Readonly<Record<Turn, TurnRecord>> {
  readonly acceptedMs: number;
  /** Entries that have failed alone since the last acceptance, the first few of them. */
  readonly failedAlone: readonly string[];
}

const noClosure: Closure = {
  untilMs: 0,
  lengthMs: 0,
  oldestMs: Number.POSITIVE_INFINITY,
  oldestBeforeMs: Number.POSITIVE_INFINITY,
};
const unusedTurn: TurnRecord = { closures: 0, closure: noClosure, failed: [] };
const unknownScope: ScopeRecord = {
  acceptedMs: Number.NEGATIVE_INFINITY,
  failedAlone: [],
  new: unusedTurn,
  failed: unusedTurn,
};

/** More entries than this are not needed to judge a scope by. */
const mostFailedAlone = 10;

/** What was accepted and what failed lately, by scope: what CDN Pro may refuse for the same reason, see `faultKey`. */
export class Scopes {
  readonly #scopes = new ExpiringMap<string, ScopeRecord>(evidenceMs, 1000);
  readonly #doubtful = new Set<string>();

  noteAccepted(key: string, nowMs: number): void {
    this.#doubtful.delete(key);
    this.#scopes.set(key, { ...unknownScope, acceptedMs: nowMs }, nowMs);
  }

  /** Takes note that a request with one entry has failed, in whose turn it was sent. */
  noteFailedAlone(key: string, entry: string, turn: Turn, nowMs: number): void {
    const scope = this.#scope(key, nowMs);
    const failedAlone = withKey(scope.failedAlone, entry);
    const record = { ...scope[turn], failed: withKey(scope[turn].failed, entry) };
    this.#scopes.set(key, { ...scope, failedAlone, [turn]: record }, nowMs);
  }

  /** @returns when something of a scope was accepted the last time, in milliseconds */
  acceptedMs(key: string, nowMs: number): number {
    return this.#scope(key, nowMs).acceptedMs;
  }

  /** @returns how many entries of a scope have failed alone since something of it was accepted, up to ten */
  failedAloneOf(key: string, nowMs: number): number {
    return this.#scope(key, nowMs).failedAlone.length;
  }

  /** @returns whether as many entries have failed alone in this turn as may, since the scope was closed the last time */
  isTurnOver(key: string, turn: Turn, nowMs: number): boolean {
    const { closures, failed } = this.#scope(key, nowMs)[turn];
    return failed.length >= (closures > shortClosures ? triesInTurn[turn] : 1);
  }

  /** Closes a scope of which nothing is accepted, longer each time. */
  close(key: string, turn: Turn, longestMs: number, nowMs: number): void {
    const scope = this.#scope(key, nowMs);
    const { closures, closure } = scope[turn];
    this.#doubtful.add(key);
    const lengthMs = Math.min(longestMs, firstClosureMs * 2 ** closures);
    const oldestBeforeMs = Math.min(closure.oldestMs, closure.oldestBeforeMs);
    const next = { ...noClosure, untilMs: nowMs + lengthMs, lengthMs, oldestBeforeMs };
    const record = { closures: closures + 1, closure: next, failed: [] };
    this.#scopes.set(key, { ...scope, [turn]: record }, nowMs);
  }

  isClosed(key: string, turn: Turn, nowMs: number): boolean {
    return this.#scope(key, nowMs)[turn].closure.untilMs > nowMs;
  }

  /**
   * Has something of a closed scope come again once it opens: what has waited longest at once, and the rest later, since the
   * first ones that fail close the scope again.
   * @param sinceMs when it was tried, or else when it came to wait; minus infinity for what goes before all others
   * @returns for how long it stays away, in milliseconds
   */
  delayMs(key: string, turn: Turn, sinceMs: number, nowMs: number): number {
    const scope = this.#scope(key, nowMs);
    const { closure } = scope[turn];
    const opensInMs = Math.max(0, closure.untilMs - nowMs);
    if (!Number.isFinite(sinceMs)) return opensInMs;
    const oldestMs = Math.min(closure.oldestMs, sinceMs);
    this.#scopes.set(key, { ...scope, [turn]: { ...scope[turn], closure: { ...closure, oldestMs } } }, nowMs);
    const fromMs = Math.min(oldestMs, closure.oldestBeforeMs);
    const share = sinceMs < nowMs ? (sinceMs - fromMs) / (nowMs - fromMs) : 1;
    return opensInMs + closure.lengthMs * longestLateness * share;
  }

  /** @returns whether a scope was closed, and nothing of it accepted since */
  isDoubtful(key: string): boolean {
    return this.#doubtful.has(key);
  }

  /** Whether there is any such scope. */
  get hasDoubts(): boolean {
    return this.#doubtful.size > 0;
  }

  /** Forgets what spoke against a scope: that these failed alone. */
  forgetFailures(key: string, { entries }: PlannedRequest, nowMs: number): void {
    const scope = this.#scope(key, nowMs);
    const forgotten = new Set(entries.map(({ entry }) => entryKey(entry)));
    const rest = (keys: readonly string[]) => keys.filter((key) => !forgotten.has(key));
    const turnRecords = turns.map((turn) => [turn, { ...scope[turn], failed: rest(scope[turn].failed) }]);
    const next = { ...scope, failedAlone: rest(scope.failedAlone), ...Object.fromEntries(turnRecords) };
    this.#scopes.set(key, next, nowMs);
  }

  #scope(key: string, nowMs: number): ScopeRecord {
    return this.#scopes.get(key, nowMs) ?? unknownScope;
  }
}

function withKey(keys: readonly string[], key: string): readonly string[] {
  return keys.includes(key) ? keys : [...keys, key].slice(0, mostFailedAlone);
}
