import type { Tokens } from '../../functions/core/limits/tokens/quota.ts';
import type { FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';
import type { Change } from '../simulation/changes.ts';
import type {
  AnswerWhenSpent,
  SimulatedBucket,
  SimulatedQuota,
  SpentTokens,
} from '../simulation/world/cdn-pro.ts';
import { type Outcome, runWorld } from '../simulation/world/world.ts';
import { dayMs, hourMs, minuteMs } from './loads.ts';

/** What a scenario changes of the world around the real submit and tick. */
export interface Scenario {
  readonly changes: readonly Change[];
  readonly untilMs: number;
  readonly quota?: SimulatedQuota;
  readonly bucket?: SimulatedBucket;
  /**
   * Whether the default quota is all that the purger knows.
   * @default it has tokens for all
   */
  readonly isQuotaDefault?: boolean;
  /** The quota that is configured, where it is not the default one. */
  readonly configured?: Tokens;
  /** See `ConsumerOptions`. */
  readonly hourMs?: number;
  /** @default 1000 */
  readonly maxFileUrls?: number;
}

const rate = { requests: 300, perSeconds: 300, headroom: 0.1 };
const defaultBucket = { perMinute: 30, burst: 60 };

/** Runs a scenario with the real `submit` and `tick`. */
export function run(scenario: Scenario): Promise<Outcome> {
  const {
    changes,
    untilMs,
    quota,
    bucket = defaultBucket,
    isQuotaDefault = false,
    configured,
    hourMs,
    maxFileUrls = 1000,
  } = scenario;
  return runWorld(
    {
      seed: 1,
      changes,
      limit: rate,
      isOneDeployment: true,
      bucket: defaultBucket,
      ...(isQuotaDefault ? { quota: {} } : {}),
      ...(configured === undefined ? {} : { quota: { production: configured } }),
      ...(hourMs === undefined ? {} : { hourMs }),
      limits: { maxFileUrls, maxBodyBytes: 512 * 1024 },
      eventSource: {
        batchSize: 10_000,
        windowMs: 2000,
        maximumConcurrency: 2,
        maxPayloadBytes: 6_000_000,
        gatherers: 2,
        envelopeBytes: 800,
        grain: 1,
        invokeMs: 30,
        receiveRate: 10_000,
      },
      queue: { visibilityTimeoutMs: 332_000, maxReceiveCount: 10 },
      cdnPro: {
        requests: rate.requests,
        windowMs: rate.perSeconds * 1000,
        wayMs: () => 75,
        sendsRetryAfter: false,
        bucket,
        ...(quota === undefined ? {} : { quota }),
      },
      table: { latencyMs: () => 8 },
      transitMs: 100,
      functionTimeoutMs: 300_000,
      ticksWhileIdle: isQuotaDefault || configured !== undefined,
    },
    untilMs,
  );
}

const target = 'production';

function filesAt(atMs: number, count: number, path: string): readonly Change[] {
  return Array.from({ length: count }, (_, index) => {
    const url = `https://www.example.com/${path}/${index}.html`;
    const entry: PurgeEntry = { kind: 'file', url, target, action: 'invalidate' };
    return { atMs, url, entry };
  });
}

/** A quota that never refuses, so that what is too much can be counted. */
export const lenient: SimulatedQuota = {
  files: 5000,
  dirs: 20,
  overdraft: 1000,
  dayMs,
  answerWhenSpent: '400',
};

/** What CDN Pro's refusal of a spent quota leads to. */
export interface Exhausted {
  readonly answer: AnswerWhenSpent;
  /** Requests that were not accepted. */
  readonly refused: number;
  readonly rejected: number;
  /** Changes that were purged in the end. */
  readonly purged: number;
  readonly changes: number;
}

/** A day of an hour: what has to come back by itself comes sooner. */
const shortHourMs = hourMs / 24;

/** Others have spent the day before anything changes here, which nothing but CDN Pro's answers shows. */
export async function measureExhausted(answer: AnswerWhenSpent): Promise<Exhausted> {
  const changes = filesAt(minuteMs, 150, 'a');
  const spentByOthers = [{ atMs: 0, target, files: 5000, dirs: 20 } as const];
  const outcome = await run({
    changes,
    untilMs: 1.5 * hourMs,
    isQuotaDefault: true,
    hourMs: shortHourMs,
    quota: { ...lenient, overdraft: 0, dayMs: 24 * shortHourMs, answerWhenSpent: answer, spentByOthers },
  });
  return {
    answer,
    refused: outcome.posts - outcome.accepted.requests,
    rejected: outcome.dead.length,
    purged: outcome.acceptedMs.filter((atMs) => !Number.isNaN(atMs)).length,
    changes: changes.length,
  };
}

/** How changes come while others spend. */
export type Rhythm = 'in batches' | 'steadily' | 'after a calm';

/** A day that is eight times as short, so that tokens come back within the scenario. */
const shortDayMs = dayMs / 8;
const othersUntilMs = 225 * minuteMs;

const rhythms: Readonly<Record<Rhythm, () => readonly Change[]>> = {
  'in batches': () =>
    Array.from({ length: 22 }, (_, batch) =>
      filesAt(batch * 10 * minuteMs + 30_000, 300, `d${batch}`),
    ).flat(),
  steadily: () =>
    Array.from({ length: 220 }, (_, minute) => filesAt(minute * minuteMs + 30_000, 30, `e${minute}`)).flat(),
  'after a calm': () => [
    ...Array.from({ length: 60 }, (_, batch) =>
      filesAt(150 * minuteMs + batch * 10_000, 95, `f${batch}`),
    ).flat(),
    ...filesAt(170 * minuteMs, 3000, 'f'),
  ],
};

/**
 * Others spend ten tokens a minute of a day that does not suffice for both.
 * @returns how many tokens were spent here although the quota was used up
 */
export async function measureWithOthers(rhythm: Rhythm): Promise<number> {
  const spentByOthers = [
    { atMs: 0, target, files: 3500, dirs: 0 } as const,
    ...Array.from({ length: othersUntilMs / minuteMs }, (_, minute): SpentTokens => {
      return { atMs: minute * minuteMs, target, files: 10, dirs: 0 };
    }),
  ];
  const { cdnPro } = await run({
    changes: rhythms[rhythm](),
    untilMs: othersUntilMs,
    isQuotaDefault: true,
    hourMs: shortDayMs / 24,
    quota: { ...lenient, dayMs: shortDayMs, spentByOthers },
  });
  let over = 0;
  for (const { atMs, files } of cdnPro.spent) {
    const used = [...spentByOthers, ...cdnPro.spent]
      .filter((spent) => spent.atMs > atMs - shortDayMs && spent.atMs <= atMs)
      .reduce((sum, spent) => sum + spent.files, 0);
    over += Math.min(files, Math.max(0, used - lenient.files));
  }
  return over;
}

/** When a webhook's ten changes come, in milliseconds, while another webhook's flood waits. */
const tenAtMs = [0, 5000, minuteMs, 3 * minuteMs, 8 * minuteMs];

/**
 * One webhook changes 5,000 files in 500 header sets, of which a request carries one: far more requests than the limits
 * allow. Another one changes ten files now and then.
 * @returns how old a change of the ten became at most, in seconds, and how many requests were accepted in all
 */
export async function measureFlood(): Promise<{ readonly tenSeconds: number; readonly requests: number }> {
  const flood = filesAt(0, 5000, 'flood').map((change, index): Change => {
    const headers = [{ name: 'accept-language', value: `x-${index % 500}` }];
    return fromWebhook('flood', { ...change, headers });
  });
  const tens = tenAtMs.flatMap((atMs) =>
    filesAt(atMs, 10, `ten-${atMs}`).map((change) => fromWebhook('ten', change)),
  );
  const changes = [...flood, ...tens].toSorted((a, b) => a.atMs - b.atMs);
  const untilMs = 10 * minuteMs;
  const { acceptedMs, accepted } = await run({ changes, untilMs });
  const ages = changes.flatMap((change, index) =>
    change.url.includes('/ten-') ? [((acceptedMs[index] ?? Number.NaN) - change.atMs) / 1000] : [],
  );
  const tenSeconds = Math.max(...ages.map((age) => (Number.isNaN(age) ? Number.POSITIVE_INFINITY : age)));
  return { tenSeconds, requests: accepted.requests };
}

function fromWebhook(
  webhook: string,
  { atMs, url, headers }: Change & { readonly headers?: FileEntry['headers'] },
): Change {
  const occurredAt = new Date(atMs).toISOString();
  const entry: PurgeEntry = { kind: 'file', url, target, action: 'invalidate', ...(headers && { headers }) };
  return { atMs, url, entry, reference: { source: 'generic', action: 'put', id: url, occurredAt, webhook } };
}

/** How much of what the limits allow is used while more waits than they carry. */
export interface Saturation {
  readonly hour: number;
  readonly fiveMinutes: number;
  readonly throttled: number;
}

/** @param takenByOthers what others take from the bucket */
export async function measureSaturation(
  takenByOthers: SimulatedBucket['takenByOthers'] = [],
): Promise<Saturation> {
  const { cdnPro } = await run({
    changes: filesAt(0, 24_000, 'c'),
    untilMs: hourMs + minuteMs,
    bucket: { ...defaultBucket, takenByOthers },
    maxFileUrls: 10,
  });
  const firstMs = cdnPro.arrivals[0] ?? 0;
  const within = (ms: number) => cdnPro.arrivals.filter((atMs) => atMs <= firstMs + ms).length;
  const allowed = (ms: number) => {
    const ofBucket = defaultBucket.burst + (defaultBucket.perMinute * ms) / minuteMs;
    const ofWindow = rate.requests * (1 - rate.headroom) * Math.ceil(ms / (rate.perSeconds * 1000));
    return Math.min(ofBucket, ofWindow);
  };
  return {
    hour: within(hourMs) / allowed(hourMs),
    fiveMinutes: within(5 * minuteMs) / allowed(5 * minuteMs),
    throttled: cdnPro.throttled,
  };
}

/** Every ten minutes somebody sends twenty requests at once. */
export const burstsOfOthers = Array.from({ length: 6 }, (_, index) => ({
  atMs: (index + 0.5) * 10 * minuteMs,
  requests: 20,
}));
