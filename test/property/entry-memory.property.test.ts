import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import type { WebhookRequest } from '../../functions/sources/webhook-source.ts';
import { signStandardWebhook, standardWebhooksSecret } from '../../infra/cli/webhooks/signing.ts';
import { fuzzTimes } from '../helpers/fuzz-times.ts';
import { createWebhookWorld, type WebhookWorld } from '../helpers/webhook-fixture.ts';

const NAME = 'standard-webhooks';
const NOW_MS = Date.UTC(2026, 0, 1);
const SITE = 'https://www.example.com';
/** A delivery is tried again this often, which is more often than the test makes it fail. */
const MAX_TRIES = 20;

/** What happens to the entry at the origin, and how the CMS tells of it. */
interface OriginEvent {
  /** Its slug from now on; null for an unpublish that carries nothing but the id. */
  readonly slug: string | null;
  /** How often the CMS delivers it, all at the same time. */
  readonly copies: number;
  /** Whether a delivery that fails comes again. */
  readonly isRetried: boolean;
  /** How the CMS says when it happened: by a time of its own, by that of the event before, to the second, or not. */
  readonly time: 'exact' | 'shared' | 'second' | 'none';
}

const anySlug = fc.constantFrom('a', 'b', 'c', 'd');
const anyEvent: fc.Arbitrary<OriginEvent> = fc.record({
  slug: fc.oneof({ weight: 4, arbitrary: anySlug }, { weight: 1, arbitrary: fc.constant(null) }),
  copies: fc.integer({ min: 1, max: 3 }),
  isRetried: fc.constant(true),
  time: fc.constant('exact' as const),
});
const anyTime = fc.constantFrom('exact' as const, 'shared' as const, 'second' as const, 'none' as const);
const anyEventOfAnyTime: fc.Arbitrary<OriginEvent> = fc
  .tuple(anyEvent, anyTime)
  .map(([event, time]) => ({ ...event, time }));
/** Which of the steps (reads, writes and sends, as they come) fail. */
const anyFailures = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
  { maxLength: 30 },
);

/** An origin with one entry, a clock that counts steps, and what was purged when. */
interface Run {
  readonly world: WebhookWorld;
  /** When each URL was last made stale at the origin, by slug. */
  readonly staleAt: Map<string, number>;
  readonly purgedAt: Map<string, number>;
  /** Slugs that the ledger ever held. */
  readonly everRemembered: Set<string>;
  live: string | null;
  step: number;
}

async function run(
  events: readonly OriginEvent[],
  failures: readonly boolean[],
  scheduler: fc.Scheduler,
  /** Happens once everything else has settled, in one way or the other. */
  last?: OriginEvent,
): Promise<Run> {
  const world = createWebhookWorld({
    webhooks: { [NAME]: { source: NAME, secretIds: ['s'] } },
    rules: [{ match: { source: NAME }, purge: { fileUrls: [`${SITE}/{slug}`] } }],
    secrets: { s: standardWebhooksSecret },
    nowMs: NOW_MS,
  });
  const state: Run = {
    world,
    staleAt: new Map(),
    purgedAt: new Map(),
    everRemembered: new Set(),
    live: null,
    step: 0,
  };
  let steps = 0;
  let sent = 0;
  const record = () => {
    for (const { entries } of world.sent.slice(sent)) {
      for (const entry of entries)
        state.purgedAt.set(slugOf(entry.kind === 'regex' ? '' : entry.url), state.step);
    }
    sent = world.sent.length;
    for (const { memory } of world.items.values()) {
      for (const { live, stale } of Object.values(memory)) {
        for (const { entry } of [...live, ...stale]) {
          state.everRemembered.add(slugOf(entry.kind === 'regex' ? '' : entry.url));
        }
      }
    }
  };
  world.before = async (what) => {
    await scheduler.schedule(Promise.resolve(), what);
    record();
    state.step++;
    if (failures[steps++]) throw new Error(`the ${what} failed`);
  };
  const deliver = async (event: OriginEvent, index: number) => {
    const request = requestOf(event, index);
    for (let attempt = 1; attempt <= MAX_TRIES; attempt++) {
      const status = await send(request, world);
      record();
      if (status < 300) return;
      if (!event.isRetried) return;
    }
    throw new Error('the delivery never succeeded');
  };
  const deliveries: Promise<void>[] = [];
  const happen = async (happening: readonly OriginEvent[], from: number) => {
    for (const [offset, event] of happening.entries()) {
      const index = from + offset;
      await scheduler.schedule(Promise.resolve(), `event ${index}`);
      state.step++;
      // A page that changed is as stale as one that moved.
      if (state.live !== null) state.staleAt.set(state.live, state.step);
      state.live = event.slug;
      if (event.slug !== null) state.staleAt.set(event.slug, state.step);
      for (let copy = 0; copy < event.copies; copy++) deliveries.push(deliver(event, index));
    }
  };
  const all = happen(events, 0)
    .then(() => Promise.all(deliveries))
    .then(() => happen(last === undefined ? [] : [last], events.length))
    .then(() => Promise.all(deliveries));
  await scheduler.waitFor(all);
  record();
  return state;
}

function requestOf({ slug, time }: OriginEvent, index: number): WebhookRequest {
  const data = slug === null ? { id: 'e1' } : { id: 'e1', slug };
  // Two events or three happen within each second.
  const at = (event: number) => new Date(NOW_MS - 60_000 + 400 * event).toISOString();
  const timestamp = {
    exact: at(index),
    shared: at(index - (index % 2)),
    second: `${at(index).slice(0, 19)}Z`,
    none: undefined,
  }[time];
  const type = slug === null ? 'entry.deleted' : 'entry.published';
  const body = JSON.stringify({ type, timestamp, data });
  const headers = signStandardWebhook({ body, nowMs: NOW_MS });
  return { method: 'POST', path: `/webhooks/${NAME}`, headers, body: Buffer.from(body) };
}

async function send(request: WebhookRequest, world: WebhookWorld): Promise<number> {
  return (await receiveWebhook(NAME, request, world.ports)).statusCode;
}

function slugOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function unpurged({ staleAt, purgedAt }: Run): readonly string[] {
  return [...staleAt].filter(([slug, at]) => (purgedAt.get(slug) ?? -1) < at).map(([slug]) => slug);
}

function liveIn({ world }: Run): readonly string[] {
  const records = [...world.items.values()].flatMap(({ memory }) => Object.values(memory));
  return records.flatMap(({ live }) =>
    live.map(({ entry }) => slugOf(entry.kind === 'regex' ? '' : entry.url)),
  );
}

describe('what an entry mapped to', () => {
  it('is purged after it changed, whatever the order, the races, the repeats and the failures of deliveries', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 5 }),
        anyFailures,
        fc.scheduler(),
        async (events, failures, scheduler) => {
          const state = await run(events, failures, scheduler);
          expect(unpurged(state)).toEqual([]);
          expect(liveIn(state)).toEqual(state.live === null ? [] : [state.live]);
        },
      ),
      { numRuns: 600 * fuzzTimes },
    );
  });

  it('is purged whether or not the times of the events tell their order, and what is live is remembered', async () => {
    const last: OriginEvent = { slug: null, copies: 1, isRetried: true, time: 'exact' };
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEventOfAnyTime, { minLength: 1, maxLength: 5 }),
        anyFailures,
        fc.scheduler(),
        async (events, failures, scheduler) => {
          expect(unpurged(await run(events, failures, scheduler, last))).toEqual([]);
        },
      ),
      { numRuns: 400 * fuzzTimes },
    );
  });

  it('is purged with the next event, where a sender does not try again and the first attempt failed after the ledger had it', async () => {
    const last: OriginEvent = { slug: null, copies: 1, isRetried: true, time: 'exact' };
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          anyEvent.map((event) => ({ ...event, copies: 1, isRetried: false })),
          { minLength: 1, maxLength: 4 },
        ),
        anyFailures,
        fc.scheduler(),
        async (events, failures, scheduler) => {
          // With a slug for each event, a slug in the ledger tells that its own event got there.
          const distinct = events.map((event, index) => {
            return { ...event, slug: event.slug === null ? null : `${event.slug}${index}` };
          });
          const state = await run(distinct, failures, scheduler, last);
          expect(unpurged(state).filter((slug) => state.everRemembered.has(slug))).toEqual([]);
          expect(liveIn(state)).toEqual([]);
        },
      ),
      { numRuns: 600 * fuzzTimes },
    );
  });

  it('is forgotten once it was purged: deliveries one after another leave only what is live', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyEvent, { minLength: 1, maxLength: 8 }), async (events) => {
        const world = createWebhookWorld({
          webhooks: { [NAME]: { source: NAME, secretIds: ['s'] } },
          rules: [{ match: { source: NAME }, purge: { fileUrls: [`${SITE}/{slug}`] } }],
          secrets: { s: standardWebhooksSecret },
          nowMs: NOW_MS,
        });
        for (const [index, event] of events.entries()) await send(requestOf(event, index), world);
        const records = [...world.items.values()].flatMap(({ memory }) => Object.values(memory));
        expect(records.flatMap(({ stale }) => stale)).toEqual([]);
        const [record] = records;
        const live = record?.live.map(({ entry }) => (entry.kind === 'regex' ? '' : slugOf(entry.url)));
        expect(live).toEqual(events.at(-1)?.slug == null ? [] : [events.at(-1)?.slug]);
      }),
      { numRuns: 40 * fuzzTimes },
    );
  });
});
