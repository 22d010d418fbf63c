import { type Limits, type LimitsState, limitsOfWindow, type Throttle } from '../../core/limits/limits.ts';
import type { BucketState } from '../../core/limits/requests/request-bucket.ts';
import type { DeclaredLimit, RateWindow } from '../../core/limits/requests/window.ts';
import { hourMsOf, type QuotaState, type SpentInHour } from '../../core/limits/tokens/quota.ts';
import { forgetOld, type SenderState, type Senders } from '../../core/limits/tokens/senders.ts';
import type { Target } from '../../core/model/types.ts';
import { windowPartition } from './ledger-keys.ts';
import { isSound, soundDeclarations } from './sound-limits.ts';
import { type ItemAddress, readItem, tryWrite } from './versioned-item.ts';

/** The attributes of the limits. Deployments of other versions share the item, so names and types do not change. */
interface StoredLimits {
  readonly arrivedByMs: readonly number[];
  readonly closedUntilMs: number;
  readonly spent: number;
  readonly inflow: number;
  readonly pacedAtMs: number;
  /** What each deployment declares, by its name. */
  readonly stated: Readonly<Record<string, DeclaredLimit>>;
  /** A {@link BucketState} in the order of its fields. Version 0.1.0 knows none of this and what follows. */
  readonly bucket: readonly number[];
  readonly quotas: Readonly<Partial<Record<Target, StoredQuota>>>;
  /** Senders by deployment and name, each a {@link SenderState} in the order of its fields. */
  readonly senders: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
  readonly directories: Readonly<Record<string, number>>;
  readonly throttle?: Throttle;
  /** Names the write that has made the item what it is. Earlier versions know none. */
  readonly writtenBy?: string;
}

/** A {@link QuotaState}: hours one after the other, as files and directories of each. */
interface StoredQuota extends Omit<QuotaState, 'spent'> {
  readonly firstHour: number;
  readonly files: readonly number[];
  readonly dirs: readonly number[];
  /** When the last of each hour was spent, in milliseconds from its beginning. Where it is missing, at its end. */
  readonly lastMsOfHour?: readonly number[];
}

/** Where the limits are kept, and for whom. */
export interface LimitsItem extends Omit<ItemAddress, 'pk'> {
  /** The deployment whose senders are told from those of its neighbors. */
  readonly deployment: string;
  readonly limits: Limits;
}

/** The limits as they were read. */
export interface ReadLimits {
  /** Undefined where there is no item. */
  readonly state: LimitsState | undefined;
  /** Whether the item is from a version of this project that kept the window alone. */
  readonly isWindowAlone: boolean;
  /** Whether there is an item that this project cannot have written. */
  readonly isBroken: boolean;
  /** For {@link writeLimits}. */
  readonly version: number;
}

/** Reads the limits, consistently. */
export async function readLimits(item: LimitsItem, nowMs: number): Promise<ReadLimits> {
  const { attributes, version } = await readItem<StoredLimits>({ ...item, pk: windowPartition });
  if (attributes === undefined) return { state: undefined, isWindowAlone: false, isBroken: false, version };
  if (!isSound({ ...attributes })) return { state: undefined, isWindowAlone: false, isBroken: true, version };
  const window = parseWindow(attributes);
  const isWindowAlone = attributes.bucket === undefined;
  const state = isWindowAlone
    ? limitsOfWindow(window, item.limits, nowMs)
    : parse(attributes, window, item, nowMs);
  return { state, isWindowAlone, isBroken: false, version };
}

/**
 * @param writtenBy names this write, and no other; where it is missing, a write whose answer was lost counts as none
 * @returns whether the limits were written: nobody else has written them since they were read
 */
export async function writeLimits(
  item: LimitsItem,
  state: LimitsState,
  version: number,
  nextVersion: number,
  writtenBy?: string,
): Promise<boolean> {
  const address = { ...item, pk: windowPartition };
  const attributes = { ...format(state, item), ...(writtenBy !== undefined && { writtenBy }) };
  const { isWritten, found } = await tryWrite<StoredLimits>(address, attributes, version, nextVersion);
  if (isWritten || writtenBy === undefined) return isWritten;
  // Where the answer was lost, the SDK has sent the write again, and found what it had written itself.
  const now = found ?? (await readItem<StoredLimits>(address));
  return now.version === nextVersion && now.attributes?.writtenBy === writtenBy;
}

function parseWindow({
  arrivedByMs = [],
  closedUntilMs = 0,
  spent = 0,
  inflow = 0,
  pacedAtMs = 0,
  stated,
}: Partial<StoredLimits>): RateWindow {
  const pace = { spent, inflow, atMs: pacedAtMs };
  return { arrivedByMs, closedUntilMs, pace, declared: soundDeclarations(stated) };
}

function parse(
  { bucket = [], quotas = {}, senders = {}, directories = {}, throttle }: Partial<StoredLimits>,
  window: RateWindow,
  { deployment }: LimitsItem,
  nowMs: number,
): LimitsState {
  const all = Object.entries(senders).map(([name, each]) => [name, parseSenders(each)] as const);
  const recent = all.map(([name, each]) => [name, forgetOld(each, nowMs)] as const);
  const neighbors = recent.filter(([name, each]) => name !== deployment && Object.keys(each).length > 0);
  return {
    window,
    bucket: parseBucket(bucket),
    quotas: Object.fromEntries(Object.entries(quotas).map(([target, quota]) => [target, parseQuota(quota)])),
    senders: all.find(([name]) => name === deployment)?.[1] ?? {},
    neighbors: Object.fromEntries(neighbors),
    directories,
    ...(throttle && { throttle }),
  };
}

function format(state: LimitsState, { deployment }: LimitsItem): StoredLimits {
  const { arrivedByMs, closedUntilMs, pace, declared } = state.window;
  const { quotas, senders, neighbors, directories, throttle } = state;
  const quotaEntries = Object.entries(quotas).map(([target, quota]) => [target, formatQuota(quota)] as const);
  const senderEntries = Object.entries({ ...neighbors, [deployment]: senders });
  return {
    arrivedByMs,
    closedUntilMs,
    spent: rounded(pace.spent),
    inflow: rounded(pace.inflow),
    pacedAtMs: pace.atMs,
    stated: declared,
    bucket: formatBucket(state.bucket),
    quotas: Object.fromEntries(quotaEntries),
    senders: Object.fromEntries(senderEntries.map(([name, each]) => [name, formatSenders(each)])),
    directories,
    ...(throttle && { throttle }),
  };
}

function parseBucket([
  level = 0,
  atMs = 0,
  reserved = 0,
  answered = 0,
  answeredMs = 0,
  extraMargin = 0,
  refusedMs = 0,
]: readonly number[]): BucketState {
  return { level, atMs, reserved, answered, answeredMs, extraMargin, refusedMs };
}

function formatBucket(bucket: BucketState): readonly number[] {
  const { level, atMs, reserved, answered, answeredMs, extraMargin, refusedMs } = bucket;
  return [rounded(level), atMs, reserved, answered, answeredMs, rounded(extraMargin), refusedMs];
}

function parseQuota({ firstHour, files, dirs, lastMsOfHour = [], ...rest }: StoredQuota): QuotaState {
  const hourMs = hourMsOf(rest);
  // A deployment that does not know this list leaves it as it was, next to its own hours.
  const lastMsOf = lastMsOfHour.length === files.length ? lastMsOfHour : [];
  const spent: Record<string, SpentInHour> = {};
  for (const [index, count] of files.entries()) {
    const lastMs = (firstHour + index) * hourMs + (lastMsOf[index] ?? hourMs);
    const tokens = { files: count, dirs: dirs[index] ?? 0, lastMs };
    if (tokens.files > 0 || tokens.dirs > 0) spent[firstHour + index] = tokens;
  }
  return { ...rest, spent };
}

function formatQuota({ spent, ...rest }: QuotaState): StoredQuota {
  const hourMs = hourMsOf(rest);
  const hours = Object.keys(spent).map(Number);
  const firstHour = hours.length === 0 ? 0 : Math.min(...hours);
  const length = hours.length === 0 ? 0 : Math.max(...hours) - firstHour + 1;
  const counts = Array.from({ length }, (_, index) => spent[firstHour + index]);
  return {
    ...rest,
    firstHour,
    files: counts.map((tokens) => tokens?.files ?? 0),
    dirs: counts.map((tokens) => tokens?.dirs ?? 0),
    lastMsOfHour: counts.map((tokens, index) =>
      tokens === undefined ? 0 : tokens.lastMs - (firstHour + index) * hourMs,
    ),
  };
}

function parseSenders(senders: Readonly<Record<string, readonly number[]>>): Senders {
  return Object.fromEntries(Object.entries(senders).map(([name, figures]) => [name, parseSender(figures)]));
}

function formatSenders(senders: Senders): Readonly<Record<string, readonly number[]>> {
  return Object.fromEntries(Object.entries(senders).map(([name, sender]) => [name, formatSender(sender)]));
}

function parseSender(figures: readonly number[]): SenderState {
  const [halfDay = 0, files = 0, dirs = 0, filesBefore = 0, dirsBefore = 0, waitingMs = 0, ...tallies] =
    figures;
  const tally = (index: number) => ({ sinceMs: tallies[index] ?? 0, count: tallies[index + 1] ?? 0 });
  const [filesMs, dirsMs] = tallies.slice(6);
  return {
    halfDay,
    recent: { files, dirs },
    before: { files: filesBefore, dirs: dirsBefore },
    waitingMs,
    ...(filesMs !== undefined &&
      dirsMs !== undefined && { waitingKindsMs: { files: filesMs, dirs: dirsMs } }),
    entries: tally(0),
    deletes: tally(2),
    prefixes: tally(4),
  };
}

function formatSender(sender: SenderState): readonly number[] {
  const { halfDay, recent, before, waitingMs, waitingKindsMs, entries, deletes, prefixes } = sender;
  const tallies = [entries, deletes, prefixes].flatMap(({ sinceMs, count }) => [sinceMs, count]);
  const kinds = waitingKindsMs === undefined ? [] : [waitingKindsMs.files, waitingKindsMs.dirs];
  return [halfDay, recent.files, recent.dirs, before.files, before.dirs, waitingMs, ...tallies, ...kinds];
}

/** What decays gets smaller than any number that DynamoDB accepts. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}
