import type { Lane, Target } from '../../model/types.ts';

/** URLs of the day's quota: files, and directories with regex patterns among them. */
export interface Tokens {
  readonly files: number;
  readonly dirs: number;
}

/** The quota as it is configured. What is missing is learned from the API, or is {@link defaultQuota}. */
export type ConfiguredQuota = Readonly<Partial<Record<Target, Partial<Tokens>>>>;

/** No tokens. */
export const noTokens: Tokens = { files: 0, dirs: 0 };

/** What CDN Pro allows for a target in any 24 hours where neither the configuration nor the API says more. */
export const defaultQuota: Tokens = { files: 5000, dirs: 20 };

/** Tokens that were spent in one hour. */
export interface SpentInHour extends Tokens {
  /** When the last of them was, in milliseconds: a day later all of them are back. */
  readonly lastMs: number;
}

/** What the limits item keeps of one target's quota. */
export interface QuotaState {
  /** Tokens spent, by hours since the epoch. Others who use the same customer's quota are counted in. */
  readonly spent: Readonly<Record<string, SpentInHour>>;
  /** The quota as `serviceQuotas` tells it, or as `purgeTokens` shows it to be at least. */
  readonly learned?: Tokens;
  /** When `serviceQuotas` was last asked, in milliseconds. */
  readonly learnedMs?: number;
  /** When `purgeTokens` was last asked, in milliseconds. */
  readonly checkedMs?: number;
  /** What was spent since then by those who share this count. */
  readonly unchecked?: Tokens;
  /** How many tokens others had spent that this count did not know of, when it was last checked. */
  readonly unknown?: Tokens;
  /** What `purgeTokens` last said is left, and when, in milliseconds. */
  readonly told?: Tokens & { readonly atMs: number };
  /** Of what was spent, what others had spent that this count did not know of, by the hours in which it was noticed. */
  readonly others?: Readonly<Record<string, SpentInHour>>;
  /** Since when that is noted, in milliseconds. */
  readonly othersSinceMs?: number;
  /** When CDN Pro last refused a takedown for tokens, in milliseconds: see {@link overdraftFromMs}. */
  readonly takedownRefusedMs?: number;
  /** Where it is not known what was spent: by when all of that has arrived at CDN Pro, in milliseconds. */
  readonly lostMs?: number;
  /**
   * How long an hour of this quota is, in milliseconds: the local stack has shorter days.
   * @default 3,600,000
   */
  readonly hourMs?: number;
}

/** A quota of which nothing was spent. */
export const freshQuota: QuotaState = { spent: {} };

/**
 * A quota of which nobody knows what was spent.
 * @param lostMs by when all of that has arrived at CDN Pro, in milliseconds
 */
export function lostQuota(lostMs: number): QuotaState {
  return { spent: {}, lostMs };
}

/** The shares of a quota that are kept back, see `docs/quota.md`. */
export interface QuotaShares {
  /** Of the files, for takedowns alone; of the directories, one. */
  readonly takedown: number;
  /** Of both, for people and takedowns. */
  readonly people: number;
  /** How far a takedown may overdraw both. CDN Pro takes it off the next day. */
  readonly overdraft: number;
  /** What people may spend in all while it is not known what is left; bulk waits until it is. */
  readonly unknown: number;
}

/** The shares of `docs/quota.md`. */
export const quotaShares: QuotaShares = { takedown: 0.01, people: 0.1, overdraft: 0.05, unknown: 0.02 };

const realHourMs = 3_600_000;
const hoursOfDay = 24;

/** @returns tokens spent in the last 24 hours; those of an hour count until the last of them is a day old */
export function spentTokens(state: QuotaState, nowMs: number): Tokens {
  return recentOf(state, nowMs).reduce((sum, [, tokens]) => plus(sum, tokens), noTokens);
}

/** @returns of the tokens spent in the last 24 hours, those that others have spent, as far as that was noticed */
export function spentByOthers({ others = {}, ...state }: QuotaState, nowMs: number): Tokens {
  return spentTokens({ ...state, spent: others }, nowMs);
}

/** @returns the state with tokens noted that others had spent; whose they were before the count was lost, nobody knows */
export function noteOthers(state: QuotaState, tokens: Tokens, nowMs: number, isLost: boolean): QuotaState {
  if (isLost) return { ...state, others: {}, othersSinceMs: nowMs };
  const { others = {}, othersSinceMs = nowMs } = state;
  const recent = Object.fromEntries(recentOf({ ...state, spent: others }, nowMs));
  const isAny = tokens.files > 0 || tokens.dirs > 0;
  const noted = isAny ? spendIn(recent, hourOf(nowMs, state), { ...tokens, lastMs: nowMs }) : recent;
  return { ...state, others: noted, othersSinceMs };
}

/** @returns tokens spent in the hour of a time and since: they come back no earlier than a day after it */
export function spentSince(state: QuotaState, sinceMs: number): Tokens {
  const hour = hourOf(sinceMs, state);
  const since = Object.entries(state.spent).filter(([key]) => Number(key) >= hour);
  return since.reduce((sum, [, tokens]) => plus(sum, tokens), noTokens);
}

/** @returns the state with tokens spent now; what is long over a day old is dropped */
export function spend(state: QuotaState, tokens: Tokens, nowMs: number): QuotaState {
  if (tokens.files === 0 && tokens.dirs === 0) return state;
  // Kept for an hour more than they count: the time at which a request arrives lies ahead of the clock.
  const spent = Object.fromEntries(recentOf(state, nowMs - hourMsOf(state)));
  return {
    ...state,
    spent: spendIn(spent, hourOf(nowMs, state), { ...tokens, lastMs: nowMs }),
    unchecked: plus(state.unchecked ?? noTokens, tokens),
  };
}

/** @returns what was spent, with more in an hour */
export function spendIn(
  spent: QuotaState['spent'],
  hour: number,
  more: SpentInHour,
): Readonly<Record<string, SpentInHour>> {
  const known = spent[hour];
  if (known === undefined) return { ...spent, [hour]: more };
  const lastMs = Math.max(known.lastMs, more.lastMs);
  return { ...spent, [hour]: { ...plus(known, more), lastMs } };
}

/** Takes back what a request was to cost that CDN Pro has refused, from the hour in which it was counted. */
export function unspend(state: QuotaState, tokens: Tokens, countedMs: number): QuotaState {
  const hour = hourOf(countedMs, state);
  const known = state.spent[hour];
  if (known === undefined) return state;
  const { files, dirs } = minus(known, tokens);
  const left = { ...known, files: Math.max(0, files), dirs: Math.max(0, dirs) };
  return { ...state, spent: { ...state.spent, [hour]: left } };
}

/** Hours of which the last token is less than a day old. */
function recentOf(state: QuotaState, nowMs: number): readonly (readonly [string, SpentInHour])[] {
  return Object.entries(state.spent).filter(([, { lastMs }]) => lastMs > nowMs - dayMsOf(state));
}

/** @returns whether it is not known what was spent in the last 24 hours: `purgeTokens` has to say it */
export function isSpentUnknown({ lostMs, hourMs = realHourMs }: QuotaState, nowMs: number): boolean {
  return lostMs !== undefined && nowMs - lostMs < hoursOfDay * hourMs;
}

/** For so many hours a takedown does not overdraw after CDN Pro has refused one. */
const refusalHoldsHours = 1 / 12;

/**
 * @returns from when on a takedown may overdraw, in milliseconds: what CDN Pro allows is not documented, so that after a
 * refusal it is tried again each five minutes; undefined where it may now
 */
export function overdraftFromMs(state: QuotaState, nowMs: number): number | undefined {
  const { takedownRefusedMs } = state;
  if (takedownRefusedMs === undefined) return undefined;
  const fromMs = takedownRefusedMs + refusalHoldsHours * hourMsOf(state);
  return fromMs > nowMs ? fromMs : undefined;
}

/** @returns the quota that holds: as configured, else as learned, else the default of the contract */
export function quotaOf(state: QuotaState, configured?: Partial<Tokens>): Tokens {
  const learned = state.learned ?? defaultQuota;
  return { files: configured?.files ?? learned.files, dirs: configured?.dirs ?? learned.dirs };
}

/** @returns what is left of the quota; negative where it was overdrawn */
export function tokensLeft(state: QuotaState, quota: Tokens, nowMs: number): Tokens {
  return minus(quota, spentTokens(state, nowMs));
}

/**
 * @returns how many tokens a lane may spend now, not below 0: bulk leaves what is kept for people and takedowns, people
 * what is kept for takedowns, and a takedown may overdraw
 */
export function spendableTokens(
  state: QuotaState,
  quota: Tokens,
  lane: Lane,
  nowMs: number,
  shares: QuotaShares = quotaShares,
): Tokens {
  const { files, dirs } = unclamped(state, quota, lane, nowMs, shares);
  return { files: Math.max(0, files), dirs: Math.max(0, dirs) };
}

/** What a lane may spend; negative where that much has to come back first. */
function unclamped(
  state: QuotaState,
  quota: Tokens,
  lane: Lane,
  nowMs: number,
  shares = quotaShares,
): Tokens {
  const allowed = overdraftFromMs(state, nowMs) === undefined ? shares : { ...shares, overdraft: 0 };
  const available = isSpentUnknown(state, nowMs)
    ? spendableUnknown(lane, quota, allowed)
    : minus(quota, keptFrom(lane, quota, allowed));
  return minus(available, spentTokens(state, nowMs));
}

/** What a lane may spend in all from the moment on at which the count was lost. */
function spendableUnknown(lane: Lane, { files, dirs }: Tokens, { unknown, overdraft }: QuotaShares): Tokens {
  if (lane === 'bulk') return noTokens;
  const share = lane === 'people' ? unknown : unknown + overdraft;
  return { files: Math.ceil(files * share), dirs: Math.ceil(dirs * share) };
}

function overdraftOf({ files, dirs }: Tokens, { overdraft }: QuotaShares): Tokens {
  return { files: Math.ceil(files * overdraft), dirs: Math.ceil(dirs * overdraft) };
}

/** What a lane leaves to the lanes before it. */
function keptFrom(lane: Lane, { files, dirs }: Tokens, shares: QuotaShares): Tokens {
  const forTakedowns = { files: Math.ceil(files * shares.takedown), dirs: 1 };
  switch (lane) {
    case 'takedown':
      return minus(noTokens, overdraftOf({ files, dirs }, shares));
    case 'people':
      return forTakedowns;
    case 'bulk':
      return plus(forTakedowns, {
        files: Math.ceil(files * shares.people),
        dirs: Math.ceil(dirs * shares.people),
      });
  }
}

/** Tokens that a lane waits for. */
export interface AwaitedTokens {
  readonly state: QuotaState;
  readonly quota: Tokens;
  readonly lane: Lane;
  readonly kind: keyof Tokens;
  /** How many tokens have to come back: 1 for the next one. */
  readonly position: number;
  readonly nowMs: number;
}

/**
 * @returns when so many tokens of a kind will have come back, in milliseconds: now where the lane may spend them
 * already; undefined where the quota never holds so many in one day, which takes longer than is known, or where it is
 * not known what was spent
 */
export function tokensBackMs({
  state,
  quota,
  lane,
  kind,
  position,
  nowMs,
}: AwaitedTokens): number | undefined {
  let missing = position - unclamped(state, quota, lane, nowMs)[kind];
  if (missing <= 0) return nowMs;
  const overdraftMs = lane === 'takedown' ? overdraftFromMs(state, nowMs) : undefined;
  if (overdraftMs !== undefined && missing <= overdraftOf(quota, quotaShares)[kind]) return overdraftMs;
  if (isSpentUnknown(state, nowMs)) return undefined;
  const hours = recentOf(state, nowMs).toSorted(([, a], [, b]) => a.lastMs - b.lastMs);
  for (const [, { lastMs, ...tokens }] of hours) {
    missing -= tokens[kind];
    if (missing <= 0) return lastMs + dayMsOf(state);
  }
  return undefined;
}

/**
 * For how long a rule's directory is held, so that the day's directories last and each purge takes more changes along:
 * not at all while less than half of them is used, then ever longer.
 * @param different how many different directories were wanted in the last 24 hours
 * @returns how old its oldest change has to be, in milliseconds: 2.5 · n · (24 h ÷ Q) · max(0, share used − ½), by
 * `npm run bench -- budget`
 */
export function holdMs(state: QuotaState, quota: Tokens, different: number, nowMs: number): number {
  if (quota.dirs <= 0) return 0;
  // A hold spends nothing, so it need not be on the safe side: of an hour, as much counts as back as has passed of it.
  const used = (spentTokens(state, nowMs).dirs - partlyBack(state, nowMs)) / quota.dirs;
  return 2.5 * Math.max(1, different) * (dayMsOf(state) / quota.dirs) * Math.max(0, used - 0.5);
}

/** @returns directories of the hour that is a day ago, as far as it was over a day ago */
function partlyBack(state: QuotaState, nowMs: number): number {
  const dayAgoMs = nowMs - dayMsOf(state);
  const hour = hourOf(dayAgoMs, state);
  const { dirs, lastMs } = state.spent[hour] ?? { dirs: 0, lastMs: 0 };
  if (lastMs <= dayAgoMs) return 0;
  const startMs = hour * hourMsOf(state);
  return (dirs * (dayAgoMs - startMs)) / (lastMs - startMs);
}

/** @returns the sum */
export function plus(left: Tokens, right: Tokens): Tokens {
  return { files: left.files + right.files, dirs: left.dirs + right.dirs };
}

/** @returns the difference; it may be negative */
export function minus(left: Tokens, right: Tokens): Tokens {
  return { files: left.files - right.files, dirs: left.dirs - right.dirs };
}

/** @returns whether there are enough tokens of both kinds */
export function covers(available: Tokens, wanted: Tokens): boolean {
  return wanted.files <= available.files && wanted.dirs <= available.dirs;
}

/** @returns how long an hour of a quota is, in milliseconds */
export function hourMsOf({ hourMs = realHourMs }: Pick<QuotaState, 'hourMs'>): number {
  return hourMs;
}

/** @returns how long a day of a quota is, in milliseconds */
export function dayMsOf(state: Pick<QuotaState, 'hourMs'>): number {
  return hoursOfDay * hourMsOf(state);
}

/** @returns the hour of a quota since the epoch */
export function hourOf(ms: number, { hourMs = realHourMs }: Pick<QuotaState, 'hourMs'>): number {
  return Math.floor(ms / hourMs);
}
