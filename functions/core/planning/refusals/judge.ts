import type { Tokens } from '../../limits/tokens/quota.ts';
import type { PlannedEntry, PlannedRequest } from '../planned-request.ts';
import type { Evidence } from './evidence.ts';
import { isAboutContent } from './failure.ts';
import { type Turn, turns } from './scopes.ts';
import { hasFailedAlone, type Suspect, targetOf } from './suspect.ts';

/** So often a request without a verdict is tried again as it is before more is concluded, ... */
const triesInSilence = 3;
/** ... and while others like it are accepted. */
const triesAmongAccepted = 2;
/** So many entries that fail alone, in different places, and none that is accepted, show that it is all of the scope. */
const probes = 3;
/** What goes before all others while it is new waits so many times as fast once it has failed: always first, it would be alone. */
const urgency = 2;

/** What judging needs besides a suspect. */
export interface Court {
  readonly evidence: Evidence;
  /** What a request costs of the day's tokens. */
  readonly priceOf: (request: PlannedRequest) => Tokens;
  /** How often an entry has failed alone already; undefined where it was never suspected. */
  readonly triesOf: (planned: PlannedEntry) => number | undefined;
  /** When what an entry is for has changed, in milliseconds; infinite where nothing says so. */
  readonly changedMsOf: (planned: PlannedEntry) => number;
  readonly nowMs: number;
}

/** What to do with a suspect that has failed. */
export type Judgment =
  /** Nothing is known against it: try it again, behind the others. */
  | 'retry'
  /** Nothing more is decided before it is known what is left of the day's tokens. */
  | 'ask-tokens'
  /** It costs more tokens than are left. */
  | 'too-dear'
  /** The vendor's code says that its only entry is invalid, or nobody asked for it. */
  | 'invalid'
  /** Its only entry has failed alone, and others like it were accepted since it failed before. */
  | 'failed-alone'
  /** Others like it are accepted: one of its halves will be, too. */
  | 'take-apart'
  /** Nothing like it was accepted since it failed. */
  | 'unproven';

/** @returns what to do with a suspect that has failed */
export function judge(suspect: Suspect, { evidence, priceOf, nowMs }: Court): Judgment {
  const { request, key, failure, sinceMs = nowMs, times, isPart } = suspect;
  if (failure === undefined) return 'retry';
  const isAlone = request.entries.length === 1;
  const isAmongAccepted = evidence.acceptedSince(key, sinceMs, nowMs);
  if (failure.kind === 'no-verdict' && !isPart) {
    if (times < (isAmongAccepted ? triesAmongAccepted : triesInSilence)) return 'retry';
  }
  const reading = evidence.tokensOf(targetOf(suspect), nowMs);
  if (reading === undefined) return 'ask-tokens';
  const isSilent = !reading.tokens && !reading.isForbidden && !evidence.anythingAcceptedSince(sinceMs);
  if (failure.kind === 'no-verdict' && isSilent) {
    return isDear(suspect) ? 'unproven' : 'retry';
  }
  const price = priceOf(request);
  const { tokens = price } = reading;
  if (price.files > tokens.files || price.dirs > tokens.dirs) return 'too-dear';
  if (hasFailedAlone(suspect) && (isAboutContent(failure) || request.entries[0]?.isCoalesced)) {
    return 'invalid';
  }
  if (!isAmongAccepted) return 'unproven';
  if (!isAlone) return 'take-apart';
  return times === 0 ? 'retry' : 'failed-alone';
}

/** @returns whether it may have spent directories: without any answer, CDN Pro may have made a purge of it, and a day has few */
export function isDear({ request, failure }: Suspect): boolean {
  return failure?.status === undefined && request.entries.some(({ entry }) => entry.kind !== 'file');
}

/** What to do about a scope of which nothing is accepted. */
export type ScopeStep =
  /** Try one entry of this suspect by itself. */
  | { readonly kind: 'probe'; readonly suspect: Suspect; readonly index: number }
  /** All of it is refused alike, as far as is known: nothing of these turns is sent for a while. */
  | { readonly kind: 'close'; readonly turns: readonly Turn[]; readonly last: Suspect | undefined }
  /** These failed alone, which is too little to judge the scope by: others of it may be accepted meanwhile. */
  | { readonly kind: 'set-aside'; readonly alone: readonly Suspect[] };

/**
 * Decides how to go on with a scope in which nothing was accepted since a request failed, while CDN Pro answers others, or
 * at least how many tokens are left.
 * @param suspects of the scope
 */
export function questionScope(key: string, suspects: readonly Suspect[], court: Court): ScopeStep {
  const { evidence, nowMs } = court;
  const alone = suspects.filter(hasFailedAlone);
  const last = alone.at(-1);
  const untried = suspects.filter((each) => !alone.includes(each));
  if (evidence.scopes.isDoubtful(key)) {
    const over = turns.filter((turn) => evidence.scopes.isTurnOver(key, turn, nowMs));
    if (over.length > 0) return { kind: 'close', turns: over, last };
    const probed = longestWaiting(untried, court);
    return probed === undefined ? { kind: 'set-aside', alone } : { kind: 'probe', ...probed };
  }
  if (last !== undefined && evidence.scopes.failedAloneOf(key, nowMs) >= probes) {
    return { kind: 'close', turns, last };
  }
  const innocent = untried.filter(({ state, isPart }) => state === 'held' && !isPart);
  const [suspect] = innocent.length > 0 ? innocent : untried;
  if (suspect === undefined) return { kind: 'set-aside', alone };
  const { length } = suspect.request.entries;
  // From the beginning, the end and the middle by turns: neighbors are often alike.
  const index = [0, length - 1, Math.floor(length / 2)][alone.length % 3] ?? 0;
  return { kind: 'probe', suspect, index };
}

/** @returns the entry that waits the longest of those that have not failed; where there are none, of those that have */
function longestWaiting(suspects: readonly Suspect[], court: Court) {
  const all = suspects.flatMap((suspect) =>
    suspect.request.entries.map((planned, index) => {
      return { suspect, index, turn: turnOf(planned, court), sinceMs: waitsSinceMs(planned, court) };
    }),
  );
  const fresh = all.filter(({ turn }) => turn === 'new');
  return (fresh.length > 0 ? fresh : all).toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
}

/** @returns in whose turn an entry is tried, in a scope that is in doubt */
export function turnOf(
  planned: PlannedEntry,
  { evidence, triesOf, nowMs }: Pick<Court, 'evidence' | 'triesOf' | 'nowMs'>,
): Turn {
  const isKnown = evidence.failedAlone(planned, nowMs) !== undefined || triesOf(planned) !== undefined;
  return isKnown ? 'failed' : 'new';
}

/**
 * @returns since when an entry waits for being tried, in milliseconds: since it failed, or else since its change; minus
 * infinity where that has no time, or longer than since it failed
 */
export function waitsSinceMs(planned: PlannedEntry, { evidence, changedMsOf, nowMs }: Court): number {
  const changedMs = changedMsOf(planned);
  const sinceMs = Number.isFinite(changedMs) ? Math.min(nowMs, changedMs) : Number.NEGATIVE_INFINITY;
  const { failedMs } = evidence.failedAlone(planned, nowMs) ?? {};
  if (failedMs === undefined) return sinceMs;
  return Number.isFinite(changedMs) ? failedMs : nowMs - urgency * (nowMs - failedMs);
}
