import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Change } from './changes.ts';
import { createRandom, exponential } from './world/random.ts';

/** A stream of changes to measure with. */
export interface Load {
  readonly name: string;
  /** Changes as they are simulated: each represents `grain` real ones. */
  readonly changes: readonly Change[];
  readonly grain: number;
  /** How long changes come, in milliseconds. */
  readonly lengthMs: number;
  /** Whether more comes than the API can carry, for as long as it comes. */
  readonly isOverload: boolean;
}

const lengthSeconds = 1500;

/** @returns the loads of the comparison, always the same for one seed */
export function createLoads(seed: number): readonly Load[] {
  return [
    base('a lone change', [{ atMs: 0, url: urlOf(0) }]),
    steady(0.5, 1, seed),
    steady(1, 1, seed),
    steady(10, 1, seed),
    steady(100, 5, seed),
    steady(400, 10, seed),
    steady(800, 10, seed),
    { ...steady(1200, 20, seed), isOverload: true },
    onOff(20, seed),
    burst(1000, 1),
    burst(100_000, 10),
    burst(1_000_000, 50),
    trace(1000),
    trace(10_000),
    trace(100_000),
  ];
}

function urlOf(index: number): string {
  return `https://www.example.com/docs/page-${index}.html`;
}

function base(name: string, changes: readonly Change[]): Load {
  return { name, changes, grain: 1, lengthMs: changes.at(-1)?.atMs ?? 0, isOverload: false };
}

/** A Poisson process; with a grain, every n-th of its changes, representing the n before it. */
function steady(perSecond: number, grain: number, seed: number): Load {
  const random = createRandom(seed);
  const changes: Change[] = [];
  let atMs = 0;
  for (;;) {
    for (let step = 0; step < grain; step++) atMs += exponential(random, 1000 / perSecond);
    if (atMs > lengthSeconds * 1000) break;
    changes.push({ atMs, url: urlOf(changes.length) });
  }
  return { ...base(`${perSecond} a second`, changes), grain };
}

/** Changes for 60 s of every 300 s. */
function onOff(perSecond: number, seed: number): Load {
  const all = steady(perSecond, 1, seed).changes;
  const changes = all.filter(({ atMs }) => atMs % 300_000 < 60_000);
  return base(`${perSecond} a second for 60 s of 300`, changes);
}

function burst(size: number, grain: number): Load {
  const changes = Array.from({ length: size / grain }, (_, index) => ({ atMs: 0, url: urlOf(index) }));
  return { ...base(`a burst of ${size.toLocaleString('en')}`, changes), grain };
}

const traceFile = join(import.meta.dirname, '../traces/docs-site-a.txt.gz');

/** The changes of a real site, played faster. See `bench/traces/README.md`. */
function trace(speed: number): Load {
  const changes: Change[] = [];
  let seconds = 0;
  for (const line of gunzipSync(readFileSync(traceFile)).toString().trimEnd().split('\n')) {
    const [after = '', ...files] = line.split(' ');
    seconds += Number(after);
    for (const file of files) {
      changes.push({ atMs: (seconds * 1000) / speed, url: `https://www.example.com/docs/${file}` });
    }
  }
  return base(`a site's changes ×${speed.toLocaleString('en')}`, changes);
}
