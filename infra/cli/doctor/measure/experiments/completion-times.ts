import { mostInPage, purgesPath } from '../../../../../functions/cdn-pro/tasks.ts';
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

/** Others' purges may fill pages before and between those of this run. */
async function readDurations(
  bench: Bench,
  ids: ReadonlySet<string>,
  fromMs: number,
): Promise<readonly number[]> {
  const durations = new Map<string, number>();
  let unseen = new Set(ids);
  let offset = 0;
  for (let reads = 0; reads < mostReads && durations.size < ids.size; reads++) {
    if (reads > 0) await bench.sleep(everyMs);
    const path = `${purgesPath({ fromMs, offset })}&target=${bench.target}`;
    const { status, body } = await bench.get(path);
    const rows = status === 200 ? rowsIn(body) : [];
    for (const [id, ms] of durationsIn(rows, ids)) durations.set(id, ms);
    for (const row of rows) if (isRecord(row)) unseen.delete(String(row.id));
    offset += mostInPage;
    if (rows.length < mostInPage || unseen.size === 0) {
      offset = 0;
      unseen = new Set([...ids].filter((id) => !durations.has(id)));
    }
  }
  return [...durations.values()];
}

function durationsIn(
  rows: readonly unknown[],
  ids: ReadonlySet<string>,
): readonly (readonly [id: string, ms: number])[] {
  return rows.flatMap((row) => {
    if (!isRecord(row) || row.status !== 'finished' || !ids.has(String(row.id))) return [];
    const ms = Date.parse(String(row.finishTime)) - Date.parse(String(row.submissionTime));
    return ms >= 0 ? [[String(row.id), ms] as const] : [];
  });
}

function rowsIn(body: string): readonly unknown[] {
  const json = jsonIn(body);
  return isRecord(json) && Array.isArray(json.purgeRequests) ? json.purgeRequests : [];
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
