import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { webhookSources } from '../functions/sources/registry.ts';
import { bombsOf } from '../test/helpers/hostile-deliveries.ts';
import { createDelivery } from '../test/helpers/hostile-world.ts';

/**
 * What a delivery of 4 MB costs `receive-webhook`, for every source: one that nobody signed, and the worst of those that
 * are signed and made to cost much. Each source has a process of its own.
 */
const size = 4_000_000;
const goals = { unsignedRatio: 2, signedCpuMs: 2000, residentMb: 256 };
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
  for (const { what, body } of bombsOf(source, size)) {
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

/** The median of several, since one takes a few milliseconds alone. */
async function measureUnsigned(source: string) {
  const text = JSON.stringify({ secret: 'x', x: 'x'.repeat(size), list: Array(size / 20).fill(1) }).slice(
    0,
    size,
  );
  const { deliver } = createDelivery(source);
  const cpuMs: number[] = [];
  const hmacMs: number[] = [];
  let statusCode = 0;
  for (let round = 0; round < 15; round += 1) {
    collectGarbage();
    const bytes = Buffer.from(text);
    const before = process.cpuUsage();
    createHmac('sha256', 'secret').update(bytes).digest();
    const { user, system } = process.cpuUsage(before);
    hmacMs.push((user + system) / 1000);
    const delivered = await deliver(text, false);
    cpuMs.push(delivered.cpuMs);
    statusCode = delivered.statusCode;
  }
  return {
    unsignedMs: median(cpuMs),
    unsignedStatus: statusCode,
    hmacMs: median(hmacMs),
    unsignedMb: residentMb(),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function residentMb(): number {
  return process.memoryUsage().rss / 2 ** 20;
}

function collectGarbage(): void {
  globalThis.gc?.();
}
