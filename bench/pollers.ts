import { createLoads, type Load } from './simulation/loads.ts';
import {
  boundName,
  measureConsumer,
  measureOthers,
  measureSource,
  type Setting,
} from './simulation/measure.ts';

/** Messages that one poller receives in a second: ten a request, and 30, 10 or 1 ms for each request. */
const receiveRates = [300, 1000, 10_000];
/** The loads by which it shows. */
const loadNames = ['100 a second', '400 a second', '800 a second', 'a burst of 1,000', 'a burst of 100,000'];
/** Which way changes take: each in a message of its own, or as S3's events by `receive-s3`, by either way of S3. */
const ways = [
  { name: 'one by one', isByReceiver: false },
  { name: 'by receive-s3', isByReceiver: true },
] as const;
/** A p99 in seconds above which changes one by one wait for the pollers, and not for the batching window and the limit. */
const freshSeconds = 60;
/** Loads of changes one by one that stay fresh whatever the pollers: see `docs/sources-s3.md`. */
const promised: readonly string[] = ['100 a second', '400 a second', 'a burst of 1,000'];
/** What `receive-s3` adds at least, in seconds: its batching window, its start, and its request to SQS. */
const receiverSeconds = { window: 1, way: 0.06 };
const windowSeconds = 2;

/**
 * What freshness rests on that AWS does not say: how fast Lambda's pollers receive. Two of them gather for `submit`, as in
 * `npm run bench -- freshness`, whose goals are those of changes by `receive-s3`, with what that adds.
 * @returns whether these hold with the slowest pollers, and what `docs/sources-s3.md` promises for changes one by one
 */
export async function main(args: readonly string[]): Promise<boolean> {
  const loads = createLoads(1).filter(({ name, isOverload }) =>
    args.length === 0 ? loadNames.includes(name) : !isOverload && args.some((part) => name.includes(part)),
  );
  console.log(
    'p99 in seconds from change to accepted purge, by how many messages a poller receives in a second\n',
  );
  console.log(
    `${''.padEnd(40)}${receiveRates.map((rate) => String(rate).padStart(10)).join('')}  goal with the slowest`,
  );
  let isMet = true;
  for (const load of loads) {
    for (const { name, isByReceiver } of ways) {
      const p99s: number[] = [];
      for (const receiveRate of receiveRates) {
        const { p99 } = await measureConsumer('cdn-pro-purger', load, settingOf(receiveRate, isByReceiver));
        p99s.push(p99);
      }
      const goalSeconds = await goalOf(load, settingOf(Math.min(...receiveRates), isByReceiver));
      const isLate = (p99s[0] ?? 0) > goalSeconds;
      if (isLate) isMet = false;
      const cells = p99s.map((p99) => p99.toFixed(1).padStart(10)).join('');
      const goal = Number.isFinite(goalSeconds)
        ? `${isLate ? 'MISSED' : 'met'} ${goalSeconds.toFixed(1)}`
        : '';
      console.log(`${load.name.padEnd(22)}${name.padEnd(18)}${cells}  ${goal}`);
    }
  }
  return isMet;
}

function settingOf(receiveRate: number, isByReceiver: boolean): Setting {
  return { batchingWindowSeconds: windowSeconds, gatherers: 2, receiveRate, isByReceiver, seed: 1 };
}

/** @returns the most seconds that a p99 may have: no pacing is faster than what comes out of the queues */
async function goalOf(load: Load, setting: Setting): Promise<number> {
  if (!setting.isByReceiver) return promised.includes(load.name) ? freshSeconds : Number.POSITIVE_INFINITY;
  const bound = measureOthers(load, setting.seed).find(({ policy }) => policy === boundName)?.p99 ?? 0;
  const goalSeconds = 1.25 * (bound + receiverSeconds.way) + windowSeconds + receiverSeconds.window;
  return Math.max(goalSeconds, 1.25 * (await measureSource(load, setting)).p99);
}
