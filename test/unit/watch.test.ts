import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { watchPurges } from '../../infra/cli/purger/history/watch.ts';
import { fileEntry } from '../helpers/changes.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

/** A dead letter that is there from one time to another, in seconds since the watch began. */
interface Letter {
  readonly fromSeconds: number;
  readonly forSeconds: number;
  /** Whether somebody else has it in hand at the first look. */
  readonly isHidden: boolean;
}

const startMs = Date.UTC(2026, 10, 26, 8);
const watchedSeconds = 240;

/** A purger with nothing but dead letters, and a clock that moves while it is waited for. */
function createWorld(letters: readonly Letter[]) {
  let nowMs = startMs;
  let looks = 0;
  const seconds = () => (nowMs - startMs) / 1000;
  const present = () =>
    letters.flatMap((letter, index) => {
      const { fromSeconds, forSeconds } = letter;
      return seconds() >= fromSeconds && seconds() < fromSeconds + forSeconds ? [{ ...letter, index }] : [];
    });
  let handedOut = new Set<number>();
  const messageOf = ({ index, fromSeconds }: { index: number; fromSeconds: number }) => ({
    MessageId: `m${index}`,
    ReceiptHandle: `r${index}`,
    Body: JSON.stringify({ rejected: { reason: `letter ${index}` } }),
    Attributes: { SentTimestamp: String(startMs + fromSeconds * 1000) },
  });
  const receive = () => {
    const visible = present().filter(
      ({ index, isHidden }) => !handedOut.has(index) && !(isHidden && looks === 0),
    );
    for (const { index } of visible) handedOut.add(index);
    return { Messages: visible.slice(0, 10).map(messageOf) };
  };
  const attributesOf = (url = '') => ({
    ApproximateNumberOfMessages: String(url === 'dead' ? present().length : 0),
    ApproximateNumberOfMessagesNotVisible: '0',
    ApproximateNumberOfMessagesDelayed: '0',
  });
  const send = async (command: GetQueueAttributesCommand | ReceiveMessageCommand) => {
    if (command instanceof ReceiveMessageCommand) return receive();
    handedOut = new Set();
    if (!(command instanceof GetQueueAttributesCommand)) return {};
    const headers = { date: new Date(nowMs).toUTCString() };
    const output = { $metadata: {}, Attributes: attributesOf(command.input.QueueUrl) };
    const answer = command.middlewareStack.resolve(async () => ({ response: { headers }, output }), {});
    return (await answer({ input: command.input })).output;
  };
  const { client } = createParkedItems();
  const sqs = { send };
  const purger = {
    clients: { sqs: async () => sqs, dynamodb: async () => client },
    queues: { buffer: 'buffer', deadLetters: 'dead' },
    tables: { journal: 'J', parked: 'P', ledger: 'L' },
  } as unknown as Purger;
  const sleep = async (ms: number) => {
    looks++;
    nowMs += ms;
  };
  return { purger, seconds, client, surroundings: { nowMs: () => nowMs, sleep } };
}

/** What is said of each letter within four minutes, with when, in seconds. */
async function watched(letters: readonly Letter[]): Promise<ReadonlyMap<number, readonly number[]>> {
  const { purger, seconds, surroundings } = createWorld(letters);
  const said = new Map<number, readonly number[]>();
  const sleep = async (ms: number) => {
    if (seconds() >= watchedSeconds) throw new Enough();
    await surroundings.sleep(ms);
  };
  const watching = async () => {
    for await (const event of watchPurges(purger, { ...surroundings, sleep })) {
      if (event.event !== 'refused') continue;
      const index = Number(/\d+$/.exec(event.reason)?.[0]);
      said.set(index, [...(said.get(index) ?? []), seconds()]);
    }
  };
  await expect(watching()).rejects.toThrow(Enough);
  return said;
}

/** Ends what does not end by itself. */
class Enough extends Error {}

test('each dead letter that comes is said once, within about a minute, and none that was there before', async () => {
  const letters = fc.array(
    fc.record({
      fromSeconds: fc.integer({ min: -100, max: 150 }),
      forSeconds: fc.integer({ min: 1, max: 250 }),
      isHidden: fc.boolean(),
    }),
    { maxLength: 9 },
  );
  await fc.assert(
    fc.asyncProperty(letters, async (all) => {
      const said = await watched(all);
      all.forEach(({ fromSeconds, forSeconds }, index) => {
        const times = said.get(index) ?? [];
        expect(times.length).toBeLessThanOrEqual(fromSeconds > 0 ? 1 : 0);
        if (fromSeconds > 1 && forSeconds > 65) expect(times[0]).toBeLessThanOrEqual(fromSeconds + 65);
      });
    }),
    { numRuns: 30 },
  );
});

test.each([-4, 0, 4])(
  'a purge is said where the clock of this machine is %d minutes ahead',
  async (minutes) => {
    const { purger, seconds, client, surroundings } = createWorld([]);
    const awsMs = surroundings.nowMs;
    const table = { client, tableName: 'J', nowMs: awsMs };
    const accept = async (purgeId: string) => {
      const entries = [fileEntry(`https://h.example/${purgeId}`)];
      const purge = { purgeId, acceptedMs: awsMs(), messages: [{ v: 1, entries }] } as const;
      const own = { target: 'production', lane: 'people', urls: { files: 1, dirs: 0 }, repair: 0 } as const;
      await createJournal(table).record({ ...own, ...purge });
      await createUrlIndex(table).add(purge);
    };
    await accept('before');
    await surroundings.sleep(5000);
    const sleep = async (ms: number) => {
      if (seconds() >= watchedSeconds) throw new Enough();
      await surroundings.sleep(ms);
      if (seconds() === 20) await accept('new');
    };
    const said: string[] = [];
    const watching = async () => {
      for await (const event of watchPurges(purger, { nowMs: () => awsMs() + minutes * 60_000, sleep })) {
        if (event.event === 'accepted') said.push(event.purgeId);
      }
    };
    await expect(watching()).rejects.toThrow(Enough);
    expect(said).toEqual(['new']);
  },
);

test('what was purged while this machine was suspended is said once it is awake', async () => {
  const { purger, seconds, client, surroundings } = createWorld([]);
  const table = { client, tableName: 'J', nowMs: surroundings.nowMs };
  const sleep = async (ms: number) => {
    if (seconds() >= watchedSeconds + 600) throw new Enough();
    await surroundings.sleep(ms);
    if (seconds() !== 20) return;
    const entries = [fileEntry('https://h.example/page')];
    const purge = { purgeId: 'p', acceptedMs: surroundings.nowMs(), messages: [{ v: 1, entries }] } as const;
    const own = { target: 'production', lane: 'people', urls: { files: 1, dirs: 0 }, repair: 0 } as const;
    await createJournal(table).record({ ...own, ...purge });
    await createUrlIndex(table).add(purge);
    await surroundings.sleep(600_000);
  };
  const said: string[] = [];
  const watching = async () => {
    for await (const event of watchPurges(purger, { ...surroundings, sleep })) {
      if (event.event === 'accepted') said.push(event.purgeId);
    }
  };
  await expect(watching()).rejects.toThrow(Enough);
  expect(said).toEqual(['p']);
});

test('a dead letter that comes while another leaves is not missed', async () => {
  const said = await watched([
    { fromSeconds: -10, forSeconds: 42, isHidden: false },
    { fromSeconds: 32, forSeconds: 500, isHidden: false },
  ]);
  expect([...said]).toEqual([[1, [60]]]);
});
