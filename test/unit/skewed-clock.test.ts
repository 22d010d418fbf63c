import { createHash } from 'node:crypto';
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, test } from 'vitest';
import { createUrlIndex } from '../../functions/aws/journal/url-index.ts';
import { createJournal } from '../../functions/aws/tables/journal-table.ts';
import { type PurgeMessage, readMessage } from '../../functions/core/model/purge-message.ts';
import { type AnsweringAws, startAnsweringAws } from '../helpers/answering-aws.ts';
import { fileEntry } from '../helpers/changes.ts';
import { run } from '../helpers/cli.ts';
import { createParkedItems } from '../helpers/parked-items.ts';

const url = 'https://h.example/page';
const minuteMs = 60_000;
const skews = [-4 * minuteMs, 0, 10 * minuteMs];
let stop = () => {};
afterEach(() => stop());

/** A purger whose functions go by another clock than the machine that asks, by which an older change has completed. */
async function createWorld(aheadMs: number) {
  const { client } = createParkedItems();
  let clockMs = Date.now();
  const table = { client, tableName: 'Journal', nowMs: () => clockMs };
  const journal = createJournal(table);
  const taken: PurgeMessage[] = [];
  const aws: AnsweringAws = await startAnsweringAws((operation, input) => {
    if (operation === 'SendMessageBatch') return take(input.Entries as readonly SentMessage[], taken);
    if (operation === 'Query') return wire(client.send(new QueryCommand(input as never)));
    if (operation === 'GetItem') return wire(client.send(new GetItemCommand(input as never)));
    return undefined;
  });
  ({ stop } = aws);

  async function complete(message: PurgeMessage, purgeId: string, acceptedMs: number): Promise<void> {
    const urls = { files: 1, dirs: 0 };
    const purge = { purgeId, target: 'production', lane: 'people', acceptedMs, urls, repair: 0 } as const;
    clockMs = acceptedMs;
    await journal.record({ ...purge, sentMs: acceptedMs, messages: [message] });
    await createUrlIndex(table).add({ purgeId, acceptedMs, messages: [{ ...message, messageId: 'm' }] });
    const open = (await journal.open(10)).find((each) => each.purgeId === purgeId);
    const written = open && (await journal.write(open, { kind: 'completed', successRate: 100 }));
    if (written !== undefined) await journal.close(written);
  }

  const changeAt = (ms: number): PurgeMessage => ({
    v: 1,
    change: { source: 's3', action: 'put', id: 's3://b/page', occurredAt: new Date(ms).toISOString() },
    entries: [fileEntry(url)],
    lane: 'people',
  });
  await complete(changeAt(Date.now() - 2 * minuteMs), 'older', Date.now() - minuteMs);
  let looks = 0;
  const said: string[] = [];

  return {
    said,
    taken,
    changeAt,
    complete,
    looks: () => looks,
    /** @param onSleep what happens between looks */
    command: (args: readonly string[], onSleep: (look: number) => Promise<void>) =>
      run([...args, '--timeout', '30s', '--ready', aws.readyFile], {
        nowMs: () => Date.now() + aheadMs + looks * 5000,
        progress: (line) => said.push(line),
        async sleep() {
          looks++;
          await onSleep(looks);
        },
      }),
  };
}

interface SentMessage {
  readonly Id: string;
  readonly MessageBody: string;
}

function take(messages: readonly SentMessage[], taken: PurgeMessage[]): object {
  const Successful = messages.map(({ Id, MessageBody }) => {
    const read = readMessage(MessageBody);
    if (read.kind === 'message') taken.push(read.message);
    const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
    return { Id, MessageId: Id, MD5OfMessageBody };
  });
  return { Failed: [], Successful };
}

/** @returns an answer of DynamoDB as JSON has it */
async function wire(answer: Promise<object>): Promise<object> {
  const text = JSON.stringify(await answer, (_, value) =>
    value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
  );
  return JSON.parse(text);
}

describe.each(skews)("where the clock of this machine is %d ms ahead of AWS's", (aheadMs) => {
  test('purge --wait waits for what it has purged, and not for longer', async () => {
    const world = await createWorld(aheadMs);
    const { exitCode } = await world.command(['purge', url, '--yes', '--wait'], async (look) => {
      const [message] = world.taken;
      if (look === 3 && message !== undefined) await world.complete(message, 'by-hand', Date.now());
    });
    expect({ exitCode, isEarly: world.looks() < 3 }).toEqual({ exitCode: 0, isEarly: false });
    const { occurredAt = '' } = world.taken[0]?.change ?? {};
    expect(Math.abs(Date.parse(occurredAt) - Date.now())).toBeLessThan(20_000);
  });

  test.each(['duration', 'time'])(
    'wait --since waits for a change after a %s, and not for longer',
    async (kind) => {
      const world = await createWorld(aheadMs);
      const since = kind === 'duration' ? '20s' : new Date(Date.now() + aheadMs - 20_000).toISOString();
      const { exitCode } = await world.command(['wait', url, '--since', since], async (look) => {
        if (look === 3) await world.complete(world.changeAt(Date.now() - 5000), 'newer', Date.now());
      });
      expect({ exitCode, isEarly: world.looks() < 3 }).toEqual({ exitCode: 0, isEarly: false });
      expect(world.said.filter((line) => line.startsWith('this machine'))).toHaveLength(
        aheadMs === 0 ? 0 : 1,
      );
    },
  );
});
