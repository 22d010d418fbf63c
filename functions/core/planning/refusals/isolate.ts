import type { Tokens } from '../../limits/tokens/quota.ts';
import type { Target } from '../../model/types.ts';
import { halve, type PlannedEntry, type PlannedRequest } from '../planned-request.ts';
import type { Conclusion } from './conclusion.ts';
import { type Evidence, faultKey } from './evidence.ts';
import { type Failure, isAboutContent, namedEntries, namedHost } from './failure.ts';
import { type Court, judge, turnOf } from './judge.ts';
import { type BodySize, bodySize } from './learned-limits.ts';
import { settleSuspects } from './settle-suspects.ts';
import { isSuspicious, partOf, type Suspect, targetOf } from './suspect.ts';
import { Suspects } from './suspects.ts';

/** Options of {@link Isolation}. */
export interface IsolationOptions {
  readonly evidence: Evidence;
  /** How often an entry has failed alone already; undefined where it was never suspected. */
  readonly triesOf: (planned: PlannedEntry) => number | undefined;
  /** When what an entry is for has changed, in milliseconds; infinite where nothing says so. */
  readonly changedMsOf: (planned: PlannedEntry) => number;
  /** What a request costs of the day's tokens. */
  readonly priceOf: (request: PlannedRequest) => Tokens;
}

/**
 * Separates what CDN Pro will never accept from the rest, for the requests of one batch.
 *
 * A request that was not accepted steps behind all others. It is taken apart once something of its scope is accepted;
 * until then single entries of it are tried. One that is accepted shows that the scope is well; several that fail show
 * that it is not, and all of it waits. An entry is rejected only where the vendor's code calls it invalid, or where it
 * fails alone, again and again, and others like it are accepted in between.
 */
export class Isolation {
  readonly #options: IsolationOptions;
  readonly #suspects = new Suspects();

  constructor(options: IsolationOptions) {
    this.#options = options;
  }

  /** Requests that wait for their turn or for a decision. */
  get waiting(): readonly PlannedRequest[] {
    return this.#suspects.waiting.map(({ request }) => request);
  }

  /** Those of {@link Isolation.waiting} that must not meet innocents when they come again. */
  get apart(): readonly PlannedRequest[] {
    return this.#suspects.waiting
      .filter(({ isPart, times, failure }) => isPart || (times > 0 && failure?.kind === 'refused'))
      .map(({ request }) => request);
  }

  /** @returns whether a request that waits has failed in a way that may be the fault of its entries */
  hasFailed(request: PlannedRequest): boolean {
    return this.#suspects.waiting.some((suspect) => suspect.request === request && isSuspicious(suspect));
  }

  /** @returns those of which all of the scope may be refused, so that they had better wait */
  questionedOf(requests: readonly PlannedRequest[], nowMs: number): readonly PlannedRequest[] {
    const { evidence } = this.#options;
    const all = [...this.#suspects.waiting, ...this.#suspects.underWay];
    const questioned = new Set(
      all.filter((suspect) => isUnproven(suspect, evidence, nowMs)).map(({ key }) => key),
    );
    if (questioned.size === 0 && !evidence.scopes.hasDoubts) return [];
    return requests.filter((request) => {
      const key = faultKey(request);
      return questioned.has(key) || evidence.scopes.isDoubtful(key);
    });
  }

  /**
   * Takes a request that was not sent.
   * @param why it is suspected itself, or all of its scope is in question
   */
  hold(request: PlannedRequest, why: 'suspect' | 'scope', nowMs: number): void {
    const { evidence } = this.#options;
    const key = faultKey(request);
    const [only] = request.entries.length === 1 ? request.entries : [];
    const failed = only === undefined ? undefined : evidence.failedAlone(only, nowMs);
    const sinceMs = failed === undefined ? {} : { sinceMs: failed.failedMs };
    const state = why === 'scope' || evidence.scopes.isDoubtful(key) ? 'held' : 'ready';
    const shared = { request, key, times: 0, isNamed: false };
    this.#suspects.add([{ ...shared, ...sinceMs, state, isPart: why === 'suspect' }]);
  }

  /** @returns requests to be sent next, at most so many */
  next(most: number): readonly PlannedRequest[] {
    const { waiting, underWay } = this.#suspects;
    const unsettled = new Set(
      [...waiting, ...underWay].filter(({ isNamed }) => !isNamed).map(({ key }) => key),
    );
    return waiting
      .filter(({ state, isNamed, key }) => state === 'ready' && !(isNamed && unsettled.has(key)))
      .slice(0, most)
      .map(({ request }) => request);
  }

  /** Takes note that a request is sent. @returns whether it was one of these */
  start(request: PlannedRequest): boolean {
    return this.#suspects.start(request);
  }

  /** Takes back a request about which nothing was learned. @returns whether it was one of these */
  putBack(request: PlannedRequest): boolean {
    const suspect = this.#suspects.end(request);
    if (suspect === undefined) return false;
    this.#suspects.add([], [suspect]);
    return true;
  }

  /** Sends these no more. */
  withdraw(requests: readonly PlannedRequest[]): void {
    this.#suspects.remove(({ request }) => requests.includes(request));
  }

  accepted(request: PlannedRequest, nowMs: number): void {
    const { evidence } = this.#options;
    const key = faultKey(request);
    evidence.noteAccepted(key, nowMs);
    evidence.acquit(request);
    this.#release(key);
    const { whole } = this.#suspects.end(request) ?? {};
    if (whole === undefined) return;
    whole.open--;
    whole.largestAccepted = largerOf(whole.largestAccepted, bodySize(request));
    if (whole.open > 0 || whole.hasFailedPart) return;
    this.#suspects.conclude({ kind: 'too-large', refused: whole.size, accepted: whole.largestAccepted });
  }

  #release(key: string): void {
    const held = this.#suspects.waiting.filter((each) => each.key === key && each.state === 'held');
    if (held.length === 0) return;
    for (const suspect of held) {
      if (suspect.isPart) this.#suspects.setReady(suspect);
      else this.#suspects.replace(suspect, []);
    }
    const innocent = held.filter(({ isPart }) => !isPart);
    this.#suspects.conclude({ kind: 'release', requests: innocent.map(({ request }) => request) });
  }

  failed(request: PlannedRequest, failure: Failure, nowMs: number): void {
    const { evidence } = this.#options;
    const key = faultKey(request);
    const fresh: Suspect = { request, key, state: 'failed', times: 0, isPart: false, isNamed: false };
    const known = this.#suspects.end(request) ?? fresh;
    const [only] = request.entries.length === 1 ? request.entries : [];
    const turn = only && turnOf(only, this.#court(nowMs));
    if (only !== undefined && turn !== undefined) evidence.noteFailedAlone(key, only, turn, nowMs);
    if (known.isPart) evidence.noteIsolation(nowMs);
    if (known.whole !== undefined) known.whole.hasFailedPart = true;
    const { sinceMs = nowMs, times } = known;
    const isSandwiched = evidence.acceptedSince(key, sinceMs, nowMs);
    const failed = { state: 'failed', sinceMs, failure, times: times + 1, isSandwiched } as const;
    const suspect: Suspect = { ...known, ...failed, isNamed: false, ...(turn && { turn }) };
    const named = namedEntries(request, failure);
    if (named.length > 0) this.#noteNamed(named, failure, nowMs);
    if (named.length === request.entries.length && isAboutContent(failure)) {
      this.#suspects.conclude({ kind: 'reject', entries: named, failure });
    } else if (named.length > 0 && named.length < request.entries.length) {
      this.#separate(suspect, named);
    } else {
      this.#suspects.add([suspect]);
    }
  }

  #noteNamed(named: readonly PlannedEntry[], failure: Failure, nowMs: number): void {
    const { evidence } = this.#options;
    const host = namedHost(failure);
    if (host !== undefined && isAboutContent(failure)) evidence.suspectHost(host, nowMs);
    evidence.suspect(named, nowMs);
  }

  /** What a message names is tried behind the rest. A name is a hint: the rest is to show whether it is the right one. */
  #separate({ whole: _, ...suspect }: Suspect, named: readonly PlannedEntry[]): void {
    const isNamed = new Set(named);
    const rest = { entries: suspect.request.entries.filter((planned) => !isNamed.has(planned)) };
    // Where one bad URL follows another, the rest comes through sooner in halves.
    const first = suspect.isPart ? halve(rest) : [rest];
    this.#suspects.add(
      [{ ...partOf(suspect, { entries: named }, 'ready'), isNamed: true }],
      first.map((part) => partOf(suspect, part, 'ready')),
    );
  }

  /** @returns whether something was answered 403, and nothing accepted since: it may be the credentials */
  hasForbidden(): boolean {
    const { evidence } = this.#options;
    return this.#suspects.waiting.some(
      ({ failure, sinceMs = 0 }) => failure?.status === 403 && !evidence.anythingAcceptedSince(sinceMs),
    );
  }

  /** Forgets failures with this status: something quite different has failed in the same way. */
  dismiss(status: number, nowMs: number): void {
    const { evidence } = this.#options;
    for (const suspect of this.#suspects.waiting) {
      if (suspect.failure?.status !== status) continue;
      const { failure: _, sinceMs: __, turn: ___, ...rest } = suspect;
      evidence.acquit(suspect.request);
      evidence.scopes.forgetFailures(suspect.key, suspect.request, nowMs);
      this.#suspects.replace(suspect, [{ ...rest, state: 'ready', times: 0 }]);
    }
  }

  /** @returns a target whose tokens have to be read before more can be decided; undefined where none has to */
  wantedTokens(nowMs: number): Target | undefined {
    const court = this.#court(nowMs);
    const asking = this.#suspects.waiting.find(
      (suspect) => suspect.state === 'failed' && judge(suspect, court) === 'ask-tokens',
    );
    return asking === undefined ? undefined : targetOf(asking);
  }

  /** Decides what can be decided. @returns what follows from it, and from the answers since the last time */
  conclude(nowMs: number): readonly Conclusion[] {
    settleSuspects({ ...this.#court(nowMs), suspects: this.#suspects });
    return this.#suspects.takeConclusions();
  }

  #court(nowMs: number): Court {
    return { ...this.#options, nowMs };
  }
}

/** A refusal that no acceptance of its scope speaks against. */
function isUnproven({ key, failure, sinceMs }: Suspect, evidence: Evidence, nowMs: number): boolean {
  if (failure?.kind !== 'refused' || isAboutContent(failure)) return false;
  return !evidence.acceptedSince(key, sinceMs ?? nowMs, nowMs);
}

function largerOf(left: BodySize, right: BodySize): BodySize {
  return { files: Math.max(left.files, right.files), bytes: Math.max(left.bytes, right.bytes) };
}
