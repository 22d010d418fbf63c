import { createLoads, type Load } from './simulation/loads.ts';
import { measureConsumer } from './simulation/measure.ts';

/** Messages that one poller receives in a second: ten a request, and 30, 10 or 1 ms for each request. */
const receiveRates = [300, 1000, 10_000];
/** The loads by which it shows. */
const loadNames = ['100 a second', '400 a second', '800 a second', 'a burst of 1,000', 'a burst of 100,000'];
/** Which way the changes take: each as a message of its own, or as S3's events by `receive-s3`. */
const ways = [
  { name: 'one by one', isByReceiver: false },
  { name: 'by receive-s3', isByReceiver: true },
] as const;
/** A p99 in seconds above which changes wait for the pollers, and not for the batching window and the limit. */
const freshSeconds = 60;

/**
 * What freshness rests on that AWS does not say: how fast Lambda's pollers receive. Two of them gather, as in
 * `npm run bench -- freshness`.
 * @returns whether the loads that `docs/sources-s3.md` promises hold with the slowest pollers
 */
export async function main(args: readonly string[]): Promise<boolean> {
  const loads = createLoads(1).filter(({ name }) =>
    args.length === 0 ? loadNames.includes(name) : args.some((part) => name.includes(part)),
  );
  console.log(
    'p99 in seconds from change to accepted purge, by how many messages a poller receives in a second\n',
  );
  console.log(`${''.padEnd(40)}${receiveRates.map((rate) => String(rate).padStart(10)).join('')}`);
  const missed: string[] = [];
  for (const load of loads) {
    for (const { name, isByReceiver } of ways) {
      const p99s = await p99sOf(load, isByReceiver);
      const cells = p99s.map((p99) => p99.toFixed(1).padStart(10)).join('');
      console.log(`${load.name.padEnd(22)}${name.padEnd(18)}${cells}`);
      const isPromised = isByReceiver || promised.includes(load.name);
      if (isPromised && Math.max(...p99s) > freshSeconds) missed.push(`${load.name}, ${name}`);
    }
  }
  for (const name of missed) console.log(`MISSED  ${name}: p99 above ${freshSeconds} s with slow pollers`);
  return missed.length === 0;
}

/** Loads of single messages that stay fresh whatever the pollers: see `docs/sources-s3.md`. */
const promised: readonly string[] = ['100 a second', '400 a second', 'a burst of 1,000'];

async function p99sOf(load: Load, isByReceiver: boolean): Promise<readonly number[]> {
  const p99s: number[] = [];
  for (const receiveRate of receiveRates) {
    const setting = { batchingWindowSeconds: 2, gatherers: 2, receiveRate, isByReceiver, seed: 1 };
    p99s.push((await measureConsumer('cdn-pro-purger', load, setting)).p99);
  }
  return p99s;
}
