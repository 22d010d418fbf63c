import type { Limits } from '../functions/core/limits/limits.ts';
import { defaultBucket } from '../functions/core/limits/requests/request-bucket.ts';
import type { Tokens } from '../functions/core/limits/tokens/quota.ts';
import { leastAges } from './budget/bound.ts';
import { limitsAlone } from './budget/core-policy.ts';
import {
  type BudgetLoad,
  createBudgetLoads,
  createQuarterLoad,
  dayMs,
  hourMs,
  minuteMs,
} from './budget/loads.ts';
import { type Ages, agesOf, type BudgetOutcome, mostInADay } from './budget/outcome.ts';
import { realDays } from './budget/real-days.ts';
import {
  burstsOfOthers,
  measureExhausted,
  measureFlood,
  measureSaturation,
  measureWithOthers,
} from './budget/real-world.ts';
import { evenSpread, oneQueue, withoutTokens } from './budget/simple-policies.ts';

const own = 'cdn-pro-purger';
const quota = { files: 5000, dirs: 20 };
/** What takedowns may overdraw: 5%. */
const allowed = { files: 5250, dirs: 21 };
const limits: Limits = {
  rate: { requests: 300, perSeconds: 300, headroom: 0.1 },
  bucket: defaultBucket,
  requestCost: 1,
  quota: {},
  tokenUnit: 'url',
};

interface Goal {
  readonly description: string;
  readonly isMet: boolean;
}

/**
 * What the day's tokens come to under each load: how old changes become, and what is spent. Compared with what knows
 * nothing of tokens, with simpler policies, and with the least that is possible.
 * @returns whether every goal is met
 */
export async function main(args: readonly string[]): Promise<boolean> {
  console.log(
    `From change to purge on the default contract: ${quota.files} files and ${quota.dirs} directories in 24 h.`,
  );
  console.log('Ages: mean / maximum of all files; 99th percentile / maximum of what people changed.\n');
  const isWanted = (name: string) => args.length === 0 || args.some((part) => name.includes(part));
  const loads = createBudgetLoads().filter(({ name }) => isWanted(name));
  const goals = loads.flatMap(compare);
  if (isWanted('real days')) goals.push(...(await realDayGoals()));
  if (isWanted('exhausted')) goals.push(...(await exhaustedGoals()));
  if (isWanted('others')) goals.push(...(await goalsWithOthers()));
  if (isWanted('saturated')) goals.push(...(await saturationGoals()));
  if (isWanted('flood')) goals.push(...(await floodGoals()));
  console.log('\nGoals\n');
  for (const { description, isMet } of goals) console.log(`${isMet ? 'met   ' : 'missed'}  ${description}`);
  return goals.every(({ isMet }) => isMet);
}

function compare(load: BudgetLoad): readonly Goal[] {
  const mine = limitsAlone(own, load, limits);
  const optIn = converting(load);
  const rows: { readonly load: BudgetLoad; readonly outcome: BudgetOutcome }[] = [
    { load, outcome: mine },
    ...skipping(load),
    ...optIn.map((outcome) => ({ load, outcome })),
    ...[withoutTokens, oneQueue, evenSpread].map((policy) => ({ load, outcome: policy(load, quota) })),
  ];
  const least = printRows(load, rows, quota);
  if (load.directoryGoal !== undefined) printDays(load, mine);
  return [
    ...goalsOf(load, mine, least),
    ...optIn.flatMap((outcome) => goalsOfConversion(load, outcome, least)),
  ];
}

/** Prints a table of what policies come to. @returns the bound, which is its last line */
function printRows(
  { name, changes }: BudgetLoad,
  rows: readonly { readonly load: BudgetLoad; readonly outcome: BudgetOutcome }[],
  { files }: Tokens,
): Ages {
  console.log(`${name}: ${changes.length.toLocaleString('en')} changes`);
  console.log(
    '  policy                         all files            people             takedowns  directories          most in 24 h  requests  rejected',
  );
  for (const row of rows) print(row.load, row.outcome);
  const least = leastAges(
    changes.filter(({ entry }) => entry.kind === 'file'),
    files,
  );
  console.log(`  ${'the bound'.padEnd(27)}${pair(least.mean, least.max)}\n`);
  return least;
}

/** Prints how old what directories purge becomes on each day: the first days begin with a full quota. */
function printDays(load: BudgetLoad, { purgedMs }: BudgetOutcome): void {
  const firstDay = Math.floor((load.changes[0]?.atMs ?? 0) / dayMs);
  const days = [0, 1, 2, 3].map((day) => {
    const { mean, max } = agesOf(
      load,
      purgedMs,
      ({ entry, atMs }) => entry.kind !== 'file' && Math.floor(atMs / dayMs) === firstDay + day,
    );
    return `${time(mean)} / ${time(max)}`;
  });
  console.log(`  directories on the first days: ${days.join(', ')}\n`);
}

/**
 * Days of changes through the real submit and tick, and through the limits alone, which the other loads go through. A
 * minute weighs eight times as much as in a real day.
 */
async function realDayGoals(): Promise<readonly Goal[]> {
  const load = createQuarterLoad();
  const quarter = { files: quota.files / 4, dirs: quota.dirs };
  const real = await realDays(own, load, quarter);
  const alone = limitsAlone('  the limits alone', load, { ...limits, quota: { production: quarter } });
  printRows(
    load,
    [real, alone].map((outcome) => ({ load, outcome })),
    quarter,
  );
  const mean = ({ purgedMs }: BudgetOutcome) =>
    agesOf(load, purgedMs, ({ entry }) => entry.kind === 'file').mean;
  const ratio = mean(real) / mean(alone);
  return [
    ...goalsOf(load, real, undefined, { files: quarter.files * 1.05, dirs: quarter.dirs * 1.05 }),
    goal(
      `${load.name}: files' mean ${ratio.toFixed(2)} of the limits alone (goal 1.10: the other loads go through these)`,
      ratio <= 1.1,
    ),
  ];
}

/** Files of bulk become directories in a shortage, below what the user has named. */
function converting(load: BudgetLoad): readonly BudgetOutcome[] {
  const { convertInShortage } = load;
  if (convertInShortage === undefined) return [];
  return [limitsAlone('  with convertInShortage', load, limits, convertInShortage)];
}

function goalsOfConversion(load: BudgetLoad, outcome: BudgetOutcome, least: Ages): readonly Goal[] {
  const { purgedMs, spent, unchanged = 0, converted = 0 } = outcome;
  const what = `${load.name}, with convertInShortage`;
  const share = agesOf(load, purgedMs, ({ entry }) => entry.kind === 'file').mean / least.mean;
  const price = unchanged / Math.max(1, converted);
  const most = mostInADay(spent);
  const { people } = agesByWho(load, outcome);
  return [
    goal(`${what}: files' mean ${share.toFixed(2)} of the bound without (goal 0.50)`, share <= 0.5),
    goal(`${what}: ${price.toFixed(2)} unchanged files for each replaced (goal 1.10)`, price <= 1.1),
    goal(
      `${what}: at most ${most.files} files and ${most.dirs} directories in 24 h (goal ${allowed.files} and ${allowed.dirs})`,
      most.files <= allowed.files && most.dirs <= allowed.dirs,
    ),
    goal(`${what}: people p99 ${time(people.p99)} (goal 2 min)`, people.p99 <= 2 * minuteMs),
  ];
}

/** What is written again with the same content is left out before it costs anything. */
function skipping(load: BudgetLoad) {
  if (!load.changes.some(({ isSame }) => isSame)) return [];
  const changed = { ...load, changes: load.changes.filter(({ isSame }) => !isSame) };
  return [{ load: changed, outcome: limitsAlone('  with skipUnchanged', changed, limits) }];
}

function print(load: BudgetLoad, outcome: BudgetOutcome): void {
  const { policy, purgedMs, spent, requests, rejected } = outcome;
  const files = agesOf(load, purgedMs, ({ entry }) => entry.kind === 'file');
  const { people, takedowns, directories } = agesByWho(load, outcome);
  const most = mostInADay(spent);
  const cells = [
    pair(files.mean, files.max),
    pair(people.p99, people.max),
    time(takedowns.max).padStart(8),
    pair(directories.mean, directories.max),
    `${most.files}/${most.dirs}`.padStart(12),
    String(requests).padStart(9),
    String(rejected).padStart(9),
  ];
  console.log(`  ${policy.padEnd(27)}${cells.join(' ')}`);
}

function agesByWho(load: BudgetLoad, { purgedMs }: BudgetOutcome) {
  return {
    people: agesOf(load, purgedMs, ({ by, entry }) => by === 'people' && entry.kind === 'file'),
    takedowns: agesOf(load, purgedMs, ({ by }) => by === 'takedown'),
    directories: agesOf(load, purgedMs, ({ entry }) => entry.kind !== 'file'),
  };
}

function goalsOf(load: BudgetLoad, mine: BudgetOutcome, least?: Ages, most24h = allowed): readonly Goal[] {
  const { name, directoryGoal } = load;
  const { people, takedowns } = agesByWho(load, mine);
  const files = agesOf(load, mine.purgedMs, ({ entry }) => entry.kind === 'file');
  const most = mostInADay(mine.spent);
  const goals = [
    goal(
      `${name}: at most ${most.files} files and ${most.dirs} directories in 24 h (goal ${most24h.files} and ${most24h.dirs})`,
      most.files <= most24h.files && most.dirs <= most24h.dirs,
    ),
    goal(`${name}: ${mine.rejected} good URLs rejected (goal 0)`, mine.rejected === 0),
    goal(`${name}: people p99 ${time(people.p99)} (goal 2 min)`, people.p99 <= 2 * minuteMs),
  ];
  if (takedowns.count > 0)
    goals.push(
      goal(`${name}: takedowns at most ${time(takedowns.max)} (goal 1 min)`, takedowns.max <= minuteMs),
    );
  if (directoryGoal !== undefined) {
    const { meanMs, maxMs, fromMs } = directoryGoal;
    const settled = agesOf(load, mine.purgedMs, ({ entry, atMs }) => entry.kind !== 'file' && atMs >= fromMs);
    const what = `${name}, from the fourth day on: directories`;
    goals.push(
      goal(`${what}' mean ${time(settled.mean)} (goal ${time(meanMs)})`, settled.mean <= meanMs),
      goal(`${what} at most ${time(settled.max)} (goal ${time(maxMs)})`, settled.max <= maxMs),
    );
  }
  // Where tokens bind, some change has to wait for hours whatever the policy.
  if (least !== undefined && least.max > hourMs)
    goals.push(
      goal(
        `${name}: files' mean ${(files.mean / least.mean).toFixed(2)} of the bound (goal 1.80)`,
        files.mean <= 1.8 * least.mean,
      ),
    );
  return goals;
}

/** Others have spent the quota: with the real submit and tick. */
async function exhaustedGoals(): Promise<readonly Goal[]> {
  const goals: Goal[] = [];
  for (const answer of ['403', '400', '400 about size', '429'] as const) {
    const { refused, rejected, purged, changes } = await measureExhausted(answer);
    const what = `a quota that others have exhausted, answered with ${answer}`;
    goals.push(
      goal(`${what}: ${rejected} good URLs rejected (goal 0)`, rejected === 0),
      goal(`${what}: ${refused} requests to find out (goal 5)`, refused <= 5),
      goal(`${what}: ${purged} of ${changes} purged a day later (goal all)`, purged === changes),
    );
  }
  return goals;
}

/** Others on the account spend, which nothing but CDN Pro's count shows: with the real submit and tick. */
async function goalsWithOthers(): Promise<readonly Goal[]> {
  const goals: Goal[] = [];
  for (const rhythm of ['in batches', 'steadily', 'after a calm'] as const) {
    const over = await measureWithOthers(rhythm);
    const what = `others spend 600 an hour, changes come ${rhythm}`;
    goals.push(goal(`${what}: ${over} tokens of ours over the quota (goal 200)`, over <= 200));
  }
  return goals;
}

/** More waits than the window and the bucket let through: with the real submit. */
async function saturationGoals(): Promise<readonly Goal[]> {
  const alone = await measureSaturation();
  const { throttled } = await measureSaturation(burstsOfOthers);
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  const bursts = burstsOfOthers.length;
  return [
    goal(
      `saturated for an hour: ${percent(alone.hour)} of what the limits allow (goal 95%)`,
      alone.hour >= 0.95,
    ),
    goal(`saturated for five minutes: ${percent(alone.fiveMinutes)} (goal 90%)`, alone.fiveMinutes >= 0.9),
    goal(`saturated: ${alone.throttled} answers 429 (goal 0)`, alone.throttled === 0),
    goal(`${bursts} bursts of others: ${throttled} answers 429 (goal ${bursts})`, throttled <= bursts),
  ];
}

/** One sender asks for more requests than the limits allow: with the real submit. */
async function floodGoals(): Promise<readonly Goal[]> {
  const { tenSeconds, requests } = await measureFlood();
  return [
    goal(
      `a flood of 5,000 in 500 header sets: another webhook's ten changes wait ${tenSeconds.toFixed(0)} s at most (goal 30)`,
      tenSeconds <= 30,
    ),
    goal(`meanwhile ${requests} requests in ten minutes (goal 320)`, requests >= 320),
  ];
}

function goal(description: string, isMet: boolean): Goal {
  return { description, isMet };
}

function pair(left: number, right: number): string {
  return `${time(left).padStart(8)} / ${time(right).padEnd(8)}`;
}

function time(ms: number): string {
  if (Number.isNaN(ms)) return '-';
  if (!Number.isFinite(ms)) return 'never';
  if (ms < 2 * minuteMs) return `${(ms / 1000).toFixed(0)} s`;
  if (ms < 2 * hourMs) return `${(ms / minuteMs).toFixed(0)} min`;
  return ms < 72 * hourMs ? `${(ms / hourMs).toFixed(1)} h` : `${(ms / 24 / hourMs).toFixed(1)} d`;
}
