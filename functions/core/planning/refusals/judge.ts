import type { Tokens } from '../../limits/tokens/quota.ts';
import type { PlannedRequest } from '../planned-request.ts';
import type { Evidence } from './evidence.ts';
import { isAboutContent } from './failure.ts';
import { hasFailedAlone, type Suspect, targetOf } from './suspect.ts';

/** So often a request without a verdict is tried again as it is before more is concluded, ... */
const triesInSilence = 3;
/** ... and while others like it are accepted. */
const triesAmongAccepted = 2;
/** So many entries that fail alone, in different places, and none that is accepted, show that it is all of the scope. */
const probes = 3;

/** What judging needs besides a suspect. */
export interface Court {
  readonly evidence: Evidence;
  /** What a request costs of the day's tokens. */
  readonly priceOf: (request: PlannedRequest) => Tokens;
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
  if (failure.kind === 'no-verdict' && !reading.tokens && !evidence.anythingAcceptedSince(sinceMs)) {
    return 'retry';
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

/** What to do about a scope of which nothing is accepted. */
export type ScopeStep =
  /** Try one entry of this suspect by itself. */
  | { readonly kind: 'probe'; readonly suspect: Suspect; readonly index: number }
  /** All of it is refused alike: close it. */
  | { readonly kind: 'close'; readonly last: Suspect }
  /** These failed alone, which is too little to judge the scope by: others of it may be accepted meanwhile. */
  | { readonly kind: 'set-aside'; readonly alone: readonly Suspect[] };

/**
 * Decides how to go on with a scope in which nothing was accepted since a request failed, while CDN Pro answers others, or
 * at least how many tokens are left.
 * @param suspects of the scope, at least one
 */
export function questionScope(
  key: string,
  suspects: readonly Suspect[],
  { evidence, nowMs }: Court,
): ScopeStep {
  const alone = suspects.filter(hasFailedAlone);
  const last = alone.at(-1);
  if (last !== undefined && evidence.failedAloneOf(key, nowMs) >= probes) return { kind: 'close', last };
  const innocent = suspects.filter(({ state, isPart }) => state === 'held' && !isPart);
  const untried = innocent.length > 0 ? innocent : suspects.filter((each) => !alone.includes(each));
  const probed =
    evidence.closuresOf(key, nowMs) > 0
      ? leastFailed(untried, key, { evidence, nowMs })
      : firstToProbe(untried, alone.length);
  return probed === undefined ? { kind: 'set-aside', alone } : { kind: 'probe', ...probed };
}

/** @param failed how many entries have failed alone already */
function firstToProbe([suspect]: readonly Suspect[], failed: number) {
  if (suspect === undefined) return undefined;
  const { length } = suspect.request.entries;
  // From the beginning, the end and the middle by turns: neighbors are often alike.
  return { suspect, index: [0, length - 1, Math.floor(length / 2)][failed % 3] ?? 0 };
}

/**
 * @returns the entry that has failed alone the fewest times, and of several each in its turn: one that is at fault itself
 * must not keep the scope closed
 */
function leastFailed(
  suspects: readonly Suspect[],
  key: string,
  { evidence, nowMs }: Pick<Court, 'evidence' | 'nowMs'>,
) {
  const all = suspects.flatMap((suspect) =>
    suspect.request.entries.map((planned, index) => {
      return { suspect, index, times: evidence.failedAlone(planned, nowMs)?.times ?? 0 };
    }),
  );
  const fewest = Math.min(...all.map(({ times }) => times));
  const candidates = all.filter(({ times }) => times === fewest);
  return candidates[evidence.closuresOf(key, nowMs) % candidates.length];
}
