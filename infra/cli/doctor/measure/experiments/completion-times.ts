import { purgesPath } from '../../../../../functions/cdn-pro/tasks.ts';
import { isRecord } from '../../../../../functions/core/model/record.ts';
import { purgeIdOf } from '../ask.ts';
import type { Bench } from '../bench.ts';
import { cannotTell, type Experiment, measured } from '../finding.ts';

/** The list is read so often, until all purges of this run have finished. */
const everyMs = 15_000;
const mostReads = 60;
const percent = 100;

/** How long the purges of this run take. It asks for nothing but them, and costs no token. */
export const completionTimes: Experiment = {
  name: 'time to completion',
  cost: { requests: mostReads, files: 0, seconds: (mostReads * everyMs) / 1000 },
  async run(bench) {
    const ids = new Set(bench.exchanges.flatMap((each) => purgeIdOf(each) ?? []));
    if (ids.size === 0) return cannotTell('no purge was accepted');
    const fromMs = Math.min(...bench.exchanges.map(({ sentMs }) => sentMs)) - 60_000;
    const durations = await readDurations(bench, ids, fromMs);
    const evidence = `${durations.length} of ${ids.size} purges finished within ${(mostReads * everyMs) / 60_000} minutes`;
    if (durations.length === 0) return cannotTell('no purge has finished', evidence);
    const sorted = durations.toSorted((a, b) => a - b);
    const seconds = (share: number) => Math.round(quantile(sorted, share) / 1000);
    const value = `${seconds(50)} s (p50), ${seconds(99)} s (p99)`;
    return measured(value, evidence, { durationsMs: sorted });
  },
};

async function readDurations(
  bench: Bench,
  ids: ReadonlySet<string>,
  fromMs: number,
): Promise<readonly number[]> {
  const path = `${purgesPath({ fromMs, offset: 0 })}&target=${bench.target}`;
  let durations: ReadonlyMap<string, number> = new Map();
  for (let reads = 0; reads < mostReads && durations.size < ids.size; reads++) {
    if (reads > 0) await bench.sleep(everyMs);
    const { status, body } = await bench.get(path);
    if (status === 200) durations = durationsIn(body, ids);
  }
  return [...durations.values()];
}

function durationsIn(body: string, ids: ReadonlySet<string>): ReadonlyMap<string, number> {
  const json = jsonIn(body);
  const rows: readonly unknown[] =
    isRecord(json) && Array.isArray(json.purgeRequests) ? json.purgeRequests : [];
  const durations = rows.flatMap((row) => {
    if (!isRecord(row) || row.status !== 'finished' || !ids.has(String(row.id))) return [];
    const ms = Date.parse(String(row.finishTime)) - Date.parse(String(row.submissionTime));
    return ms >= 0 ? [[String(row.id), ms] as const] : [];
  });
  return new Map(durations);
}

/** A proxy may answer in the place of CDN Pro. */
function jsonIn(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const index = Math.ceil((share / percent) * sorted.length) - 1;
  return sorted[Math.max(0, index)] ?? 0;
}
