import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { billOf, totalOf } from './cost/bill.ts';
import { fixedCostsOf } from './cost/fixed.ts';
import { loads } from './cost/loads.ts';
import { measurePath } from './cost/measure.ts';
import { type Path, paths } from './cost/paths.ts';
import { type Result, reportOf, totalRow } from './cost/report.ts';

/**
 * What a change costs: counts and durations measured on the local stack, times AWS's list prices. With `--write`, the
 * tables go into `docs/cost.md`; without, they are printed, and the document's totals are compared with them.
 */
const goalUsd = 1;
/** Durations differ from machine to machine; counts do not. */
const tolerance = 0.25;
const document = fileURLToPath(new URL('../docs/cost.md', import.meta.url));
const markers = ['<!-- by npm run bench -- cost --write: from here -->', '<!-- to here -->'] as const;

/** @returns whether a million S3 changes in bulk cost less than the goal, and the document says what was measured */
export async function main(args: readonly string[]): Promise<boolean> {
  const unknown = args.find((arg) => arg !== '--write');
  if (unknown !== undefined) {
    console.error(`Expected no argument or --write, got "${unknown}"`);
    return false;
  }
  const results: Result[] = [];
  for (const path of paths) results.push(...(await resultsOf(path)));
  const report = reportOf(results);
  console.log(report);
  const isDocumented = args.includes('--write') ? write(report) : compare(report);
  const bulk = results.find(({ path, load }) => path.name === 'queue' && load.name === 'bulk');
  const usd = bulk === undefined ? Number.NaN : totalOf(bulk.bill);
  const isMet = usd < goalUsd;
  console.log(
    `\n${isMet ? 'met   ' : 'MISSED'}  a million S3 changes in bulk for less than ${goalUsd} US dollar: ${usd.toFixed(2)}`,
  );
  return isMet && isDocumented;
}

async function resultsOf(path: Path): Promise<readonly Result[]> {
  console.error(`Measuring ${path.title} …`);
  const { template, usage } = await measurePath(path, loads);
  const metrics = new Set([...usage.values()].flatMap((each) => [...each.metrics])).size;
  const fixed = fixedCostsOf(template, { secrets: 1 + (path.config.webhooks?.length ?? 0), metrics });
  return loads.flatMap((load) => {
    const own = usage.get(load.name);
    return own === undefined ? [] : [{ path, load, usage: own, bill: billOf(own, load), fixed }];
  });
}

function write(report: string): boolean {
  const text = readFileSync(document, 'utf8');
  const [from, to] = markers.map((marker) => text.indexOf(marker));
  if (from === undefined || to === undefined || from < 0 || to < from) {
    console.error(`Expected ${document} to have the lines ${markers.join(' and ')}`);
    return false;
  }
  writeFileSync(document, `${text.slice(0, from)}${markers[0]}\n\n${report}\n\n${text.slice(to)}`);
  return true;
}

/** The totals are what people read: those of the document must still be those that are measured. */
function compare(report: string): boolean {
  const documented = totalsIn(readFileSync(document, 'utf8'));
  const measured = totalsIn(report);
  const isClose = (a: number, b: number | undefined) => b !== undefined && Math.abs(a - b) <= tolerance * b;
  const isSame =
    measured.length === documented.length && measured.every((usd, index) => isClose(usd, documented[index]));
  if (!isSame) {
    console.error(
      `\ndocs/cost.md has the totals ${documented.join(', ')}; measured are ${measured.join(', ')}.`,
    );
    console.error('Run `npm run bench -- cost --write`.');
  }
  return isSame;
}

function totalsIn(text: string): readonly number[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`| ${totalRow} |`))
    .flatMap((line) => [...line.matchAll(/\*\*([\d.]+)\*\*/g)].map(([, usd]) => Number(usd)));
}
