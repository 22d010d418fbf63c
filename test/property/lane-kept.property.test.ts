import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Answer } from '../../functions/cdn-pro/answer.ts';
import { readMessages } from '../../functions/core/model/messages/combined-messages.ts';
import { type PurgeMessage, writeMessage } from '../../functions/core/model/purge-message.ts';
import type { Lane } from '../../functions/core/model/types.ts';
import { submitBatch } from '../../functions/submit/submit-batch.ts';
import { createWorld } from '../helpers/submit-fixture.ts';
import { createTickWorld, urlsIn } from '../helpers/tick-world.ts';

const quota = { files: 200, dirs: 10 };
const none = { files: 0, dirs: 0 };
const answers = {
  accepted: { kind: 'accepted', purgeId: 'p' },
  'no tokens': { kind: 'refused', status: 403, code: 'TooManyPurges', message: 'exceeded the maximum' },
  refused: { kind: 'refused', status: 400, message: 'no reason' },
  silent: { kind: 'unavailable', reason: 'timeout' },
} as const satisfies Record<string, Answer>;
type Behavior = keyof typeof answers;

interface Round {
  /** The lanes of the URLs that come in. */
  readonly lanes: readonly Lane[];
  readonly behavior: Behavior;
}

const rounds = fc.array(
  fc.record<Round>({
    lanes: fc.array(fc.constantFrom<Lane>('takedown', 'people', 'bulk'), { maxLength: 3 }),
    behavior: fc.constantFrom(...(Object.keys(answers) as Behavior[])),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Plays rounds of submission and release; what is rejected is redriven. Then CDN Pro accepts everything for two days. */
async function play(history: readonly Round[]) {
  const tick = createTickWorld({ quota });
  let behavior: Behavior = 'accepted';
  const tells: { left: typeof none } = { left: quota };
  const submit = createWorld({ answer: () => answers[behavior], tells });
  const ports = {
    ...submit.ports,
    limitsTable: tick.limitsTable,
    nowMs: () => tick.nowMs,
    sleep: async (ms: number) => {
      tick.nowMs += ms;
    },
  };
  const contract = {
    rate: { requests: 300, perSeconds: 300, headroom: 0 },
    bucket: { perMinute: 6000, burst: 10_000 },
    requestCost: 1,
    quota: { production: quota },
    tokenUnit: 'url',
  } as const;
  const laneOf = new Map<string, Lane>();
  const changed: string[] = [];
  let queue: string[] = [];
  let count = 0;

  const check = (where: string, urls: readonly string[], lane: Lane | undefined) => {
    for (const url of urls) if (laneOf.get(url) !== lane) changed.push(`${url} ${where}: ${lane}`);
  };
  const put = (body: string) => {
    for (const read of readMessages(body)) {
      if (read.kind === 'message') check('queued', urlsIn([read.message]), read.message.lane);
    }
    queue.push(body);
  };
  const add = (lane: Lane) => {
    const url = `https://h.example/${count++}`;
    laneOf.set(url, lane);
    const occurredAt = new Date(tick.nowMs).toISOString();
    const change = { source: 's3', action: 'delete', id: `s3://bucket/${url}`, occurredAt };
    const action = lane === 'takedown' ? 'delete' : 'invalidate';
    const message: PurgeMessage = {
      v: 1,
      change,
      entries: [{ kind: 'file', url, target: 'production', action }],
      lane,
    };
    put(writeMessage(message));
  };
  const run = async (minutes: number) => {
    const records = queue.map((body, index) => ({ messageId: `${index}`, body }));
    queue = [];
    const known = { parked: submit.parked.length, rejected: submit.rejected.length };
    const requeued = submit.requeued.length;
    const options = { limits: { maxFileUrls: 1000, maxBodyBytes: 512 * 1024 }, contract };
    const failed = await submitBatch(records, ports, { ...options, deadlineMs: tick.nowMs + 30_000 });
    for (const { messageId, body } of records) if (failed.includes(messageId)) put(body);
    for (const { body } of submit.requeued.slice(requeued)) put(body);
    for (const { body } of submit.rejected.slice(known.rejected)) put(body);
    const parked = submit.parked.slice(known.parked);
    for (const { entry, lane } of parked) check('parked', 'url' in entry ? [entry.url] : [], lane);
    await tick.park(...parked);
    tick.nowMs += (minutes - 1) * 60_000;
    const sent = tick.sent.length;
    await tick.tick();
    for (const message of tick.sent.slice(sent)) put(writeMessage(message));
  };

  for (const { lanes, behavior: next } of history) {
    behavior = next;
    tells.left = next === 'no tokens' ? none : quota;
    for (const lane of lanes) add(lane);
    await run(1);
  }
  behavior = 'accepted';
  tells.left = quota;
  for (let hour = 0; hour < 50 && queue.length + (await tick.waiting()).length > 0; hour++) await run(60);
  return { changed, left: queue.length + (await tick.waiting()).length, parked: submit.parked.length };
}

test('a URL keeps its lane through refusals, parking, releases, requeues and redrives, and is purged in the end', async () => {
  let parked = 0;
  await fc.assert(
    fc.asyncProperty(rounds, async (history) => {
      const outcome = await play(history);
      parked += outcome.parked;
      expect([outcome.changed, outcome.left]).toEqual([[], 0]);
    }),
    { numRuns: 40 },
  );
  expect(parked).toBeGreaterThan(20);
});

test('a takedown refused for tokens is parked as a takedown, and tried again each five minutes until it is taken', async () => {
  const refusals = Array.from<unknown, Round>({ length: 12 }, (_, index) => ({
    lanes: index === 0 ? ['takedown'] : [],
    behavior: 'no tokens',
  }));
  const outcome = await play(refusals);
  expect(outcome).toEqual({ changed: [], left: 0, parked: 3 });
});
