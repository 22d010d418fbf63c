import { type Limits, type LimitsState, noteDirectories, unusedLimits } from '../core/limits/limits.ts';
import { priceOf } from '../core/limits/price.ts';
import { strictestLimits } from '../core/limits/shared-limit.ts';
import { tokenRequestOf } from '../core/limits/token-request.ts';
import { freshQuota, quotaOf } from '../core/limits/tokens/quota.ts';
import { isReadingDue } from '../core/limits/tokens/quota-readings.ts';
import { noteWaiting, senderOfTarget } from '../core/limits/tokens/senders.ts';
import type { Target } from '../core/model/types.ts';
import { type AffordableEntries, affordableEntries } from '../core/planning/affordable-entries.ts';
import { withoutDuplicates } from '../core/planning/plan.ts';
import type { PlannedEntry } from '../core/planning/planned-request.ts';
import { entriesInOrder } from '../core/planning/superseded.ts';
import { describeError } from '../lambda/log.ts';
import * as submitEvents from '../lambda/submit-events.ts';
import { type Batch, originOf } from './batch.ts';
import type { SubmitOptions, SubmitPorts } from './ports.ts';
import { learnTokens } from './tokens/learn-tokens.ts';

const targets: readonly Target[] = ['production', 'staging'];

/** @returns the limits as they are now; where they cannot be read, as if nobody had used them: `reserve` decides anew */
export async function readLimits(
  { limitsTable, log, nowMs }: SubmitPorts,
  { contract }: SubmitOptions,
): Promise<LimitsState> {
  try {
    return await limitsTable.read();
  } catch (error) {
    log.warn(submitEvents.limitsUnread, { error: describeError(error) });
    return unusedLimits(contract, nowMs());
  }
}

/**
 * Decides what of a batch the day's tokens pay for. Where they do not suffice, or
 * much is to be spent, CDN Pro is asked how many there are.
 */
export async function decide(
  batch: Batch,
  state: LimitsState,
  ports: SubmitPorts,
  options: SubmitOptions,
): Promise<AffordableEntries> {
  const entries = withoutDuplicates(entriesInOrder(batch.messages.map(({ message }) => message)));
  const nowMs = ports.nowMs();
  const decideBy = (state: LimitsState) =>
    affordableEntries(entries, {
      wanted: (planned) => tokenRequestOf(planned.entry, originOf(planned, batch, nowMs)),
      state,
      limits: options.contract,
      planning: options.limits,
      nowMs,
    });
  const decided = decideBy(state);
  const unsure = targets.filter(
    (target) =>
      decided.park.some(({ planned, reason }) => reason === 'tokens' && planned.entry.target === target) ||
      isUnchecked(target, decided, state, options.contract, nowMs),
  );
  const hasLearned = await learnTokens(unsure, state, ports, options);
  return hasLearned ? decideBy(await readLimits(ports, options)) : decided;
}

/** Whether so much is to be sent that it has to be known first what others have left. */
function isUnchecked(
  target: Target,
  { send }: AffordableEntries,
  state: LimitsState,
  limits: Limits,
  nowMs: number,
): boolean {
  const entries = send.map(({ entry }) => entry).filter((entry) => entry.target === target);
  const quotaState = state.quotas[target] ?? freshQuota;
  const quota = quotaOf(quotaState, strictestLimits(state.window, limits).quota[target]);
  return entries.length > 0 && isReadingDue(quotaState, priceOf(entries, limits.tokenUnit), quota, nowMs);
}

/**
 * @returns what notes in the limits what was decided: which directories are wanted, and who waits. It is done while the
 * limits are reserved, which has a second in all: what takes time for many entries is done before
 */
export function notingDecision(
  { send, park }: AffordableEntries,
  batch: Batch,
  nowMs: number,
): (state: LimitsState) => LimitsState {
  const wanted = (planned: PlannedEntry) => tokenRequestOf(planned.entry, originOf(planned, batch, nowMs));
  const hashes = new Set<string>();
  const waiting = { files: new Set<string>(), dirs: new Set<string>() };
  const note = (planned: PlannedEntry, isWaiting = false) => {
    const { sender, directory, ...wish } = wanted(planned);
    if (directory !== undefined) hashes.add(directory);
    if (sender === undefined) return;
    if (isWaiting) {
      waiting[wish.kind === 'file' ? 'files' : 'dirs'].add(senderOfTarget(sender, wish.target));
    }
  };
  for (const planned of send) note(planned);
  for (const { planned, reason } of park) note(planned, reason === 'tokens' || reason === 'share');
  return (state) => {
    let { senders, directories } = state;
    for (const kind of ['files', 'dirs'] as const) {
      if (waiting[kind].size > 0) senders = noteWaiting(senders, [...waiting[kind]], nowMs, [kind]);
    }
    if (hashes.size > 0) directories = noteDirectories(directories, [...hashes], nowMs);
    return senders === state.senders && directories === state.directories
      ? state
      : { ...state, senders, directories };
  };
}
