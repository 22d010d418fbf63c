import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forgetObjects } from '../../functions/buffer/record-objects.ts';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { ObjectChange } from '../../functions/core/model/types.ts';
import { receiveS3Event } from '../../functions/receive-s3/receive-s3-event.ts';
import { readS3Event } from '../../functions/sources/s3/read-s3-event.ts';
import { createSeenFixture } from '../helpers/seen-objects.ts';

/** What happens to the object, and how S3 tells of it. */
interface ObjectEvent {
  /** What is in it from now on; none once it is deleted. */
  readonly content: 'a' | 'b' | 'gone';
  /** A part upload or a copy, whose event does not tell the content for sure. */
  readonly isUntold: boolean;
  /** Stores other than S3 have no sequencers. */
  readonly hasSequencer: boolean;
  readonly copies: number;
  /** Whether its event goes into the dead letter queue, and is redriven from there, in the place of being delivered. */
  readonly isRedriven: boolean;
  /** Whether it comes in one batch with the event before it. */
  readonly isBatched: boolean;
  /** Whether it happens only once all earlier events were delivered. */
  readonly isLater: boolean;
}

const anyEvent: fc.Arbitrary<ObjectEvent> = fc.record({
  content: fc.constantFrom('a' as const, 'a' as const, 'b' as const, 'gone' as const),
  isUntold: rarely(),
  hasSequencer: fc.oneof(
    { weight: 15, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
  copies: fc.constantFrom(1, 1, 1, 2),
  isRedriven: rarely(),
  isBatched: rarely(),
  isLater: fc.boolean(),
});
/** Which of the steps (reads, writes and sends, as they come) fail. */
const anyFailures = fc.array(rarely(), { maxLength: 30 });

function rarely(): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
}

const rules = compileRules({
  target: 'production',
  rules: [{ match: { source: 's3' }, purge: { fileUrls: ['https://h.example/{+key}'] } }],
});
const etags = { a: 'a'.repeat(32), b: 'b'.repeat(32), gone: '' };

function recordOf({ content, isUntold, hasSequencer }: ObjectEvent, index: number): object {
  const etag = `${etags[content]}${isUntold ? '-2' : ''}`;
  return {
    eventSource: 'aws:s3',
    eventTime: '2026-01-01T00:00:00Z',
    eventName: content === 'gone' ? 'ObjectRemoved:Delete' : 'ObjectCreated:Put',
    s3: {
      bucket: { name: 'site' },
      object: { key: 'k', size: 1, eTag: etag, ...(hasSequencer && { sequencer: `0${index}` }) },
    },
  };
}

interface Run {
  /** The step in which the object got what is in it at the end. */
  readonly changedAt: number;
  readonly purgedAt: readonly number[];
  readonly skipped: number;
}

async function run(
  events: readonly ObjectEvent[],
  failures: readonly boolean[],
  scheduler: fc.Scheduler,
): Promise<Run> {
  const seen = createSeenFixture();
  const purgedAt: number[] = [];
  let step = 0;
  let skipped = 0;
  let changedAt = 0;
  const before = async (what: string) => {
    await scheduler.schedule(Promise.resolve(), what);
    if (failures[step++]) throw new Error(`the ${what} failed`);
  };
  seen.before = before;
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const ports = {
    rules,
    skipUnchanged: { objects: [{}], seen, rulesKey: 'r' },
    send: async (messages: readonly object[]) => {
      await before('send');
      if (messages.length > 0) purgedAt.push(step);
      return [];
    },
    reject: async () => [],
    log,
    measure: (name: string, value: number) => {
      if (name === 'ChangesUnchanged') skipped += value;
    },
  };
  const redrive = async (event: object) => {
    const { changes } = readS3Event(event);
    await forgetObjects(changes as readonly ObjectChange[], seen);
    await before('submit');
    purgedAt.push(step);
  };
  const deliver = async (records: readonly object[], isRedriven: boolean) => {
    for (let attempt = 1; attempt <= 40; attempt++) {
      await scheduler.schedule(Promise.resolve(), 'delivery');
      try {
        await (isRedriven ? redrive({ Records: records }) : receiveS3Event({ Records: records }, ports));
        return;
      } catch {
        // It is delivered again.
      }
    }
    throw new Error('the delivery never succeeded');
  };
  const deliveries: Promise<void>[] = [];
  const happen = async () => {
    let batch: object[] = [];
    for (const [index, event] of events.entries()) {
      if (event.isLater) await Promise.all(deliveries);
      await scheduler.schedule(Promise.resolve(), `event ${index}`);
      step++;
      const former = events[index - 1];
      const isSame = former?.content === event.content && !event.isUntold && !former.isUntold;
      if (!isSame) changedAt = step;
      batch = event.isBatched ? [...batch, recordOf(event, index)] : [recordOf(event, index)];
      const records = batch;
      for (let copy = 0; copy < event.copies; copy++) deliveries.push(deliver(records, event.isRedriven));
    }
  };
  await scheduler.waitFor(happen().then(() => Promise.all(deliveries)));
  return { changedAt, purgedAt, skipped };
}

describe('a put of what is there already', () => {
  it('is left out only where no visitor can have anything else, whatever the order, repeats, crashes and redrives', async () => {
    let skipped = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { minLength: 1, maxLength: 6 }),
        anyFailures,
        fc.scheduler(),
        async (events, failures, scheduler) => {
          const { changedAt, purgedAt, ...result } = await run(events, failures, scheduler);
          skipped += result.skipped;
          expect({ changedAt, lastPurgedAt: Math.max(...purgedAt, -1) }).toEqual({
            changedAt,
            lastPurgedAt: expect.toSatisfy((at: number) => at >= changedAt),
          });
        },
      ),
      { numRuns: 3000 },
    );
    expect(skipped).toBeGreaterThan(500);
  }, 60_000);
});
