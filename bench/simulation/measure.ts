import type { Pacing } from '../../functions/core/limits/requests/pacing.ts';
import { type Baseline, perEvent, periodic } from './baselines.ts';
import { asWindowAllows, type Bound, clairvoyant } from './clairvoyant.ts';
import type { Load } from './loads.ts';
import { acceptedBehindSource } from './source-bound.ts';
import type { EventSourceOptions } from './world/event-source.ts';
import { createRandom } from './world/random.ts';
import type { ReceiverOptions } from './world/receiver.ts';
import { runWorld } from './world/world.ts';

/** What a policy came to under a load. */
export interface Row {
  readonly policy: string;
  readonly load: string;
  /** Seconds from change to accepted purge; infinite where that many changes were never purged. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  readonly requests: number;
  /** Requests as a share of what the limit (headroom taken off) allows in the time. */
  readonly budget: number;
  /** Changes that were accepted, as a share of what full requests at the limit would have carried. */
  readonly carried: number;
  readonly throttled: number;
  readonly lost: number;
}

/** What everything is measured with. */
export interface Setting {
  readonly batchingWindowSeconds: number;
  /** See `EventSourceOptions.gatherers`. */
  readonly gatherers: number;
  /**
   * Messages that one gatherer receives in a second, of which AWS says nothing.
   * @default 10000
   */
  readonly receiveRate?: number;
  /**
   * Whether the changes are S3's events, which `receive-s3` takes in batches.
   * @default each change is a message in the purge queue
   */
  readonly isByReceiver?: boolean;
  readonly seed: number;
}

/** CDN Pro's limits of a large contract, and what the default configuration makes of the window. */
const limit = { requests: 300, perSeconds: 300, headroom: 0.1 };
const bucket = { perMinute: 120, burst: 240 };
const quota = { files: 1_000_000, dirs: 5000 };
const dayMs = 24 * 60 * 60 * 1000;
const windowMs = 300_000;
const maxFileUrls = 1000;
const ownRequests = 270;

/** The way of a change in milliseconds, without all waiting: into the queue, into the function, to CDN Pro. */
const transitMs = 100;
const invokeMs = 30;
const tableMs = (random: () => number) => 5 + 6 * random();
const wayMs = (random: () => number) => 50 + 50 * random();

/**
 * @returns the day's tokens, where each simulated change is several real ones. A load of more changes than a day of the
 * contract has tokens gets twice as many as it takes: it is to show how fast requests carry it
 */
function tokensOf({ changes, grain }: Load) {
  return { files: Math.max(quota.files / grain, 2 * changes.length), dirs: quota.dirs };
}

/** Runs the real consumer under a load. */
export async function measureConsumer(
  policy: string,
  load: Load,
  setting: Setting,
  pacing?: Pacing,
): Promise<Row & { readonly aboveBound: number }> {
  const { seed } = setting;
  const random = createRandom(seed);
  const { grain } = load;
  const limits = {
    maxFileUrls: maxFileUrls / grain,
    maxBodyBytes: 512 * 1024,
  };
  const outcome = await runWorld(
    {
      seed,
      changes: load.changes,
      limit,
      bucket,
      quota: { production: tokensOf(load) },
      limits,
      ...(pacing === undefined ? {} : { pacing }),
      eventSource: eventSourceOf(load, setting),
      ...(setting.isByReceiver && { receiver: receiverOf(load, setting) }),
      queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10 },
      cdnPro: {
        requests: limit.requests,
        windowMs,
        wayMs: () => wayMs(random),
        bucket,
        quota: { ...tokensOf(load), overdraft: 0, dayMs, answerWhenSpent: '400' },
      },
      table: { latencyMs: () => tableMs(random) },
      transitMs,
      functionTimeoutMs: 300_000,
    },
    load.isOverload ? load.lengthMs : load.lengthMs + 7_200_000,
  );
  const { acceptedMs, cdnPro, aboveBound } = outcome;
  const requests = { requests: cdnPro.arrivals.length, throttled: cdnPro.throttled };
  return {
    ...rowOf(policy, load, { acceptedMs, ...requests }),
    aboveBound,
  };
}

function eventSourceOf(
  { grain }: Load,
  { batchingWindowSeconds, gatherers, receiveRate = 10_000 }: Setting,
): EventSourceOptions {
  return {
    batchSize: 10_000 / grain,
    windowMs: batchingWindowSeconds * 1000,
    maximumConcurrency: 2,
    maxPayloadBytes: 6_000_000,
    gatherers,
    envelopeBytes: 800,
    grain,
    invokeMs,
    receiveRate: receiveRate / grain,
  };
}

/**
 * The event source of `receive-s3`: Lambda begins with five pollers, and adds more within a minute.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
 */
function receiverOf(load: Load, setting: Setting): ReceiverOptions {
  const eventSource = eventSourceOf(load, setting);
  return { eventSource: { ...eventSource, windowMs: 1000, maximumConcurrency: 10, gatherers: 5 } };
}

/** The event source before a consumer that needs no time and knows no limit: see `acceptedBehindSource`. */
export async function measureSource(load: Load, setting: Setting): Promise<Row> {
  const random = createRandom(setting.seed);
  const acceptedMs = await acceptedBehindSource({
    seed: setting.seed,
    changes: load.changes,
    eventSource: eventSourceOf(load, setting),
    receiver: setting.isByReceiver ? receiverOf(load, setting) : undefined,
    transitMs,
    wayMs: () => tableMs(random) + tableMs(random) + wayMs(random),
    wayBackMs: () => wayMs(random),
    untilMs: load.lengthMs + 7_200_000,
  });
  return rowOf(sourceName, load, { acceptedMs, requests: 0, throttled: 0 });
}

/** The policies without a queue, and the bound, each on the same way to CDN Pro as the consumer's changes. */
export function measureOthers(load: Load, seed: number): readonly Row[] {
  const server: Bound = { requests: limit.requests, windowMs, maxFileUrls };
  const random = createRandom(seed);
  const delayed = (baseline: Baseline): Baseline => ({
    ...baseline,
    acceptedMs: baseline.acceptedMs.map(
      (timeMs) => timeMs + transitMs + invokeMs + tableMs(random) + tableMs(random) + wayMs(random),
    ),
  });
  const own: Bound = { requests: ownRequests, windowMs, maxFileUrls: maxFileUrls / load.grain };
  const known = clairvoyant(load.changes, own);
  const { sentMs, requests } =
    known ?? asWindowAllows(load.changes, own, load.isOverload ? load.lengthMs : Infinity);
  return [
    rowOf(boundName, load, delayed({ acceptedMs: sentMs, requests, throttled: 0 })),
    rowOf('a purge per event', load, delayed(perEvent(load, server))),
    rowOf(
      '100 every 5 s',
      load,
      delayed(periodic(load, server, { everyMs: 5000, perRequest: 100, requestsAtOnce: 1 })),
    ),
    rowOf(
      'flush every 60 s',
      load,
      delayed(periodic(load, server, { everyMs: 60_000, perRequest: maxFileUrls, requestsAtOnce: Infinity })),
    ),
  ];
}

export const boundName = 'clairvoyant';
const sourceName = 'the source alone';

function rowOf(policy: string, load: Load, { acceptedMs, requests, throttled }: Baseline): Row {
  const endMs = load.isOverload ? load.lengthMs : Number.POSITIVE_INFINITY;
  const inTime = acceptedMs.map((timeMs) => (timeMs <= endMs ? timeMs : Number.NaN));
  const ages = load.changes
    .map(({ atMs }, index) => ((inTime[index] ?? Number.NaN) - atMs) / 1000)
    .map((age) => (Number.isNaN(age) ? Number.POSITIVE_INFINITY : age))
    .sort((a, b) => a - b);
  const accepted = inTime.filter((timeMs) => !Number.isNaN(timeMs));
  const lastMs = accepted.reduce((last, timeMs) => Math.max(last, timeMs), load.lengthMs);
  const windows = Math.max(1, (load.isOverload ? load.lengthMs : lastMs) / windowMs);
  return {
    policy,
    load: load.name,
    p50: quantile(ages, 0.5),
    p99: quantile(ages, 0.99),
    max: quantile(ages, 1),
    requests,
    budget: requests / (ownRequests * windows),
    carried: (accepted.length * load.grain) / (ownRequests * maxFileUrls * windows),
    throttled,
    lost: load.isOverload ? 0 : 1 - accepted.length / ages.length,
  };
}

function quantile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? Number.NaN;
}
