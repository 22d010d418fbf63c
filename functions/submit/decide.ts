import { type Limits, type LimitsState, noteDirectories, unusedLimits } from '../core/limits/limits.ts';
import { priceOf } from '../core/limits/price.ts';
import { strictestLimits } from '../core/limits/shared-limit.ts';
import { tokenRequestOf } from '../core/limits/token-request.ts';
import { freshQuota, quotaOf } from '../core/limits/tokens/quota.ts';
import { isReadingDue } from '../core/limits/tokens/quota-readings.ts';
import { notePrefixes, noteWaiting } from '../core/limits/tokens/senders.ts';
import type { Target } from '../core/model/types.ts';
import { type AffordableEntries, affordableEntries } from '../core/planning/affordable-entries.ts';
import { withoutDuplicates } from '../core/planning/plan.ts';
import type { PlannedEntry } from '../core/planning/planned-request.ts';
import { entriesInOrder } from '../core/planning/superseded.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
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

/** @returns the limits with what was decided noted in them: which directories are wanted, and who waits */
export function noteDecision(
  state: LimitsState,
  { send, park }: AffordableEntries,
  batch: Batch,
  nowMs: number,
): LimitsState {
  const wanted = (planned: PlannedEntry) => tokenRequestOf(planned.entry, originOf(planned, batch, nowMs));
  const all = [...send, ...park.map(({ planned }) => planned)].map(wanted);
  const hashes = new Set(all.flatMap(({ directory }) => directory ?? []));
  const waiting = new Set<string>();
  for (const { planned, reason } of park) {
    const { sender } = wanted(planned);
    if (sender !== undefined && (reason === 'tokens' || reason === 'share')) waiting.add(sender);
  }
  let { senders, directories } = state;
  if (waiting.size > 0) senders = noteWaiting(senders, [...waiting], nowMs);
  for (const { sender, byPrefix } of send.map(wanted)) {
    if (sender !== undefined && byPrefix !== undefined) senders = notePrefixes(senders, sender, 1, nowMs);
  }
  if (hashes.size > 0) directories = noteDirectories(directories, [...hashes], nowMs);
  return senders === state.senders && directories === state.directories
    ? state
    : { ...state, senders, directories };
}
