import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bucket, greedy, hybrid } from './simulation/candidates.ts';
import { drawChart } from './simulation/chart.ts';
import { createLoads, type Load } from './simulation/loads.ts';
import {
  boundName,
  measureConsumer,
  measureOthers,
  measureSource,
  type Row,
  type Setting,
} from './simulation/measure.ts';

const own = 'cdn-pro-purger';
const setting: Setting = { batchingWindowSeconds: 2, gatherers: 2, seed: 1 };
/** The loads of the chart. */
const steadyRate = /^([\d.]+) a second$/;

interface Goal {
  readonly description: string;
  /**
   * `source`: missed, but by what the event source takes before any consumer has the changes, and within 1.25 times
   * the least that a consumer behind it could take.
   */
  readonly verdict: 'met' | 'source' | 'MISSED';
}

/**
 * From change to accepted purge under every load: the consumer, other pacings in the same consumer, simpler policies,
 * and the bound. Writes `docs/freshness.svg`.
 * @returns whether every goal is met
 */
export async function main(args: readonly string[]): Promise<boolean> {
  const wanted = args.filter((arg) => !arg.startsWith('--'));
  const loads = createLoads(setting.seed).filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  );
  console.log('Seconds from change to accepted purge. Budget: requests as a share of what the limit allows.');
  console.log(
    `Batching window ${setting.batchingWindowSeconds} s, ${setting.gatherers} batches gather at once.\n`,
  );
  const rows: Row[] = [];
  const goals: Goal[] = [];
  for (const load of loads) {
    const result = await compare(load);
    rows.push(...result.rows);
    goals.push(...result.goals);
  }
  console.log(
    '\nRobustness: p99 (above what the API carries: share of the ceiling) with other assumptions\n',
  );
  console.log(`${'batching window'.padEnd(45)}      2 s      2 s      2 s      1 s      1 s      1 s`);
  console.log(
    `${'batches that gather at once'.padEnd(45)}        1        2        5        1        2        5`,
  );
  for (const load of loads) await robustness(load);
  console.log('\nGoals\n');
  for (const { description, verdict } of goals) console.log(`${verdict.padEnd(6)}  ${description}`);
  if (wanted.length === 0) {
    writeFileSync(join(import.meta.dirname, '../docs/freshness.svg'), chartOf(rows));
    console.log('\nWritten: docs/freshness.svg');
  }
  return goals.every(({ verdict }) => verdict !== 'MISSED');
}

async function compare(load: Load): Promise<{ rows: readonly Row[]; goals: readonly Goal[] }> {
  const mine = await measureConsumer(own, load, setting);
  const others = measureOthers(load, setting.seed);
  const candidates = [
    await measureConsumer('greedy', load, setting, greedy),
    await measureConsumer('bucket 60 + 0.7/s', load, setting, bucket(60, 0.7)),
    await measureConsumer('hybrid 30', load, setting, hybrid(30, 0.9)),
  ];
  const source = await measureSource(load, setting);
  const rows = [mine, ...others, ...candidates];
  print(load, [...rows, source]);
  const bound = others.find(({ policy }) => policy === boundName);
  return { rows, goals: goalsOf(load, mine, bound?.p99 ?? 0, source.p99) };
}

function goalsOf(
  load: Load,
  mine: Row & { aboveBound: number },
  boundSeconds: number,
  sourceSeconds: number,
): readonly Goal[] {
  const speed = load.isOverload
    ? goal(`${load.name}: ${percent(mine.carried)} of the ceiling used (goal 95%)`, mine.carried >= 0.95)
    : speedGoal(load, mine, boundSeconds, sourceSeconds);
  return [
    speed,
    goal(`${load.name}: ${mine.throttled} answers 429 (goal 0)`, mine.throttled === 0),
    goal(
      `${load.name}: ${mine.aboveBound} batches above the lower bound of their requests (goal 0)`,
      mine.aboveBound === 0,
    ),
  ];
}

function goal(description: string, isMet: boolean): Goal {
  return { description, verdict: isMet ? 'met' : 'MISSED' };
}

function speedGoal(load: Load, { p99, lost }: Row, boundSeconds: number, sourceSeconds: number): Goal {
  const goalSeconds = 1.25 * boundSeconds + setting.batchingWindowSeconds;
  const description = `${load.name}: p99 ${seconds(p99)} (goal ${seconds(goalSeconds)}: 1.25 × ${seconds(boundSeconds)} + ${setting.batchingWindowSeconds})`;
  const behindSourceSeconds = 1.25 * sourceSeconds;
  if (lost > 0 || p99 <= goalSeconds || p99 > behindSourceSeconds)
    return goal(description, lost === 0 && p99 <= goalSeconds);
  return {
    description: `${description}; the event source alone takes ${seconds(sourceSeconds)}, and 1.25 × that is ${seconds(behindSourceSeconds)}`,
    verdict: 'source',
  };
}

function print(load: Load, rows: readonly Row[]): void {
  console.log(`${load.name}${load.isOverload ? ' (more than the API carries)' : ''}`);
  console.log('  policy                  p50       p99       max  requests  budget      429     lost');
  for (const { policy, p50, p99, max, requests, budget, throttled, lost } of rows) {
    const cells = [
      seconds(p50).padStart(9),
      seconds(p99).padStart(9),
      seconds(max).padStart(9),
      String(requests).padStart(9),
      percent(budget).padStart(7),
      String(throttled).padStart(8),
      (lost > 0 ? percent(lost) : '-').padStart(8),
    ];
    console.log(`  ${policy.padEnd(18)}${cells.join(' ')}`);
  }
}

async function robustness(load: Load): Promise<void> {
  const policies = steadyRate.test(load.name) ? ([[own], ['greedy', greedy]] as const) : ([[own]] as const);
  for (const [policy, pacing] of policies) {
    const cells: string[] = [];
    for (const batchingWindowSeconds of [2, 1]) {
      for (const gatherers of [1, 2, 5]) {
        const other = { ...setting, batchingWindowSeconds, gatherers };
        const row = await measureConsumer(policy, load, other, pacing);
        cells.push((load.isOverload ? percent(row.carried) : seconds(row.p99)).padStart(9));
      }
    }
    console.log(`${load.name.padEnd(30)}${policy.padEnd(15)}${cells.join('')}`);
  }
}

function chartOf(rows: readonly Row[]): string {
  const steady = rows.filter(({ load }) => steadyRate.test(load));
  const policies = [...new Set(steady.map(({ policy }) => policy))];
  return drawChart({
    title: 'From change to accepted purge, 99th percentile',
    xTitle: 'changes per second, for 25 minutes (the API carries 900)',
    yTitle: 'seconds (top: never, or not in time)',
    xTicks: [0.5, 1, 10, 100, 400, 800, 1200],
    yTicks: [0.1, 1, 10, 100, 1000],
    lines: policies.map((name) => ({
      name,
      points: steady
        .filter(({ policy }) => policy === name)
        .map(({ load, p99 }) => ({ x: Number(steadyRate.exec(load)?.[1]), y: p99 })),
    })),
  });
}

function seconds(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  return `${value < 100 ? value.toFixed(2) : value.toFixed(0)} s`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
