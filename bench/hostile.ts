import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { webhookSources } from '../functions/sources/registry.ts';
import { deliveryLimits } from '../functions/sources/toolkit/limits.ts';
import { bombsOf } from '../test/helpers/hostile-deliveries.ts';
import { createDelivery } from '../test/helpers/hostile-world.ts';

/**
 * What a delivery of 4 MB costs `receive-webhook`, for every source: one that nobody signed, and the worst of those that
 * are signed and made to cost much. Each source has a process of its own.
 */
const size = 4_000_000;
const goals = { unsignedRatio: 2, signedCpuMs: 2000, residentMb: 256 };
/** The largest bodies of sources that have to do more with one than an HMAC before it is verified. */
const largestOf: Readonly<Record<string, number>> = {
  hygraph: deliveryLimits.escapedBytes,
  prismic: deliveryLimits.unverifiedBytes,
};
/** One source in this process, for the one that prints the table. */
const childFlag = '--source';

/** What was measured of one source. */
interface Row {
  readonly source: string;
  readonly unsignedMs: number;
  readonly unsignedStatus: number;
  readonly hmacMs: number;
  readonly unsignedMb: number;
  readonly worst: string;
  readonly worstMs: number;
  readonly worstStatus: number;
  readonly signedMb: number;
}

/** @returns whether the goals are met */
export async function main([flag, source = '']: readonly string[]): Promise<boolean> {
  if (flag === childFlag) {
    console.log(JSON.stringify(await measure(source)));
    return true;
  }
  const rows = Object.keys(webhookSources).map(measureApart);
  print('source', 'unsigned', 'CPU ms', 'HMAC ms', 'MB', 'signed', 'CPU ms', 'MB', 'the worst');
  for (const row of rows) {
    const ms = [row.unsignedMs, row.hmacMs, row.worstMs].map((time) => time.toFixed(1));
    const [unsignedMs = '', hmacMs = '', worstMs = ''] = ms;
    const unsigned = [String(row.unsignedStatus), unsignedMs, hmacMs, row.unsignedMb.toFixed()];
    print(row.source, ...unsigned, String(row.worstStatus), worstMs, row.signedMb.toFixed(), row.worst);
  }
  console.log();
  return [
    goal(
      `an unsigned one takes at most ${goals.unsignedRatio} times an HMAC over it`,
      Math.max(...rows.map(({ unsignedMs, hmacMs }) => unsignedMs / hmacMs)),
      goals.unsignedRatio,
    ),
    goal(`an unsigned one takes at most ${goals.residentMb} MB`, most(rows, 'unsignedMb'), goals.residentMb),
    goal(
      `a signed one takes at most ${goals.signedCpuMs} ms of CPU`,
      most(rows, 'worstMs'),
      goals.signedCpuMs,
    ),
    goal(`a signed one takes at most ${goals.residentMb} MB`, most(rows, 'signedMb'), goals.residentMb),
    goal('no signed one is asked for again (5xx)', most(rows, 'worstStatus'), 499),
  ].every((isMet) => isMet);
}

function most(rows: readonly Row[], field: 'unsignedMb' | 'worstMs' | 'signedMb' | 'worstStatus'): number {
  return Math.max(...rows.map((row) => row[field]));
}

function goal(title: string, value: number, limit: number): boolean {
  console.log(`${value <= limit ? 'met   ' : 'MISSED'}  ${title}: ${value.toFixed(2)}`);
  return value <= limit;
}

function print(source: string, ...cells: readonly string[]): void {
  console.log(source.padEnd(18), ...cells.map((cell) => cell.padStart(9)));
}

function measureApart(source: string): Row {
  const run = join(import.meta.dirname, 'run.ts');
  const args = ['--expose-gc', '--max-semi-space-size=8', run, 'hostile', childFlag, source];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Row;
}

async function measure(source: string): Promise<Row> {
  const unsigned = await measureUnsigned(source);
  let worst = { what: '', cpuMs: 0, statusCode: 0 };
  let signedMb = 0;
  let worstStatus = 0;
  for (const { what, body } of bombsOf(source, largestOf[source] ?? size)) {
    const { deliver } = createDelivery(source);
    const text = body();
    collectGarbage();
    const { cpuMs, statusCode } = await deliver(text);
    signedMb = Math.max(signedMb, residentMb());
    worstStatus = Math.max(worstStatus, statusCode);
    if (cpuMs > worst.cpuMs) worst = { what, cpuMs, statusCode };
  }
  return { source, ...unsigned, worst: worst.what, worstMs: worst.cpuMs, worstStatus, signedMb };
}

/** Sources have smaller limits for what is parsed or escaped before it is verified: one of that size may cost the most. */
const unsignedSizes = [size, deliveryLimits.escapedBytes, deliveryLimits.unverifiedBytes];

/** @returns the most that one costs of several sizes, and what an HMAC over the largest costs, side by side */
async function measureUnsigned(source: string) {
  const hmacs: number[] = [];
  const costs: { readonly unsignedMs: number; readonly unsignedStatus: number }[] = [];
  for (const bytes of unsignedSizes) {
    const text = bodyOf(bytes);
    const { deliver } = createDelivery(source);
    const cpuMs: number[] = [];
    let unsignedStatus = 0;
    for (let round = 0; round < 15; round += 1) {
      hmacs.push(hmacMs());
      collectGarbage();
      const delivered = await deliver(text, false);
      cpuMs.push(delivered.cpuMs);
      unsignedStatus = delivered.statusCode;
    }
    costs.push({ unsignedMs: least(cpuMs), unsignedStatus });
  }
  const [most = { unsignedMs: 0, unsignedStatus: 0 }] = costs.toSorted((a, b) => b.unsignedMs - a.unsignedMs);
  return { ...most, hmacMs: least(hmacs), unsignedMb: residentMb() };
}

/** @returns JSON with as many quotes as that of a CMS, cut at its end */
function bodyOf(bytes: number): string {
  const field = {
    name: 'a field of an entry',
    value: 'some words of a rich text, as long as a line',
    isOn: true,
  };
  const fields = Array.from({ length: bytes / 80 }, () => field);
  return JSON.stringify({ secret: 'x', fields }).slice(0, bytes);
}

function hmacMs(): number {
  const bytes = Buffer.alloc(size, 'x');
  const before = process.cpuUsage();
  createHmac('sha256', 'secret').update(bytes).digest();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least of several: what else runs on the machine only adds to it. */
function least(values: readonly number[]): number {
  return Math.min(...values);
}

function residentMb(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

function collectGarbage(): void {
  globalThis.gc?.();
}
