import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { countOf } from '../../infra/cli/purger/queues/queues.ts';
import { readWork } from '../../infra/cli/purger/work.ts';
import { statusOf } from '../../infra/cli/queries/status.ts';

/** Where a change can go from where it is. */
const next = {
  watched: ['buffer', 'dead'],
  inbox: ['buffer', 'dead'],
  buffer: ['parked', 'journal', 'dead'],
  parked: ['buffer', 'journal'],
  journal: ['buffer', 'dead'],
  dead: ['dead'],
} as const;
type Place = keyof typeof next;

/**
 * A purger with one change in it.
 * @param choices before each call: undefined where the change stays, or which of the ways it takes
 */
function purgerWith(start: Place, choices: readonly (number | undefined)[]): Purger {
  let place: Place = start;
  const left = [...choices];
  const move = () => {
    const choice = left.shift();
    if (choice !== undefined) place = next[place][choice % next[place].length] ?? place;
  };
  const sqs = {
    send: async (command: object) => {
      if (!(command instanceof GetQueueAttributesCommand)) throw new Error('Expected a look at a queue');
      move();
      return { Attributes: attributesOf(command.input.QueueUrl === place ? 1 : 0) };
    },
  } as unknown as SQSClient;
  const dynamodb = {
    send: async (command: object) => {
      if (!(command instanceof QueryCommand)) throw new Error('Expected a query');
      move();
      const { TableName, ExpressionAttributeValues } = command.input;
      const queue = ExpressionAttributeValues?.[':queue']?.S ?? '';
      const isThere = TableName === place && ['open', 'production#files'].includes(queue);
      return { Items: isThere ? [place === 'parked' ? parkedItem : openItem] : [] };
    },
  } as unknown as DynamoDBClient;
  return {
    clients: { sqs: async () => sqs, dynamodb: async () => dynamodb },
    queues: { buffer: 'buffer', deadLetters: 'dead', inbox: 'inbox', watched: ['watched'] },
    tables: { ledger: 'ledger', parked: 'parked', journal: 'journal' },
  } as unknown as Purger;
}

function attributesOf(count: number) {
  return {
    ApproximateNumberOfMessages: String(count),
    ApproximateNumberOfMessagesNotVisible: '0',
    ApproximateNumberOfMessagesDelayed: '0',
  };
}

const parkedItem = marshall({ pk: 'a', version: 1, entry: '{}', lane: 'bulk', since: 1 });
const openItem = marshall({
  pk: 'purge#1',
  version: 1,
  state: 'purging',
  urls: { files: 1, dirs: 0 },
  target: 'production',
  lane: 'bulk',
  acceptedMs: 1,
  repair: 0,
});

/** A look takes a second or less: nothing goes further than two steps in it. */
const moves = fc
  .tuple(fc.nat({ max: 22 }), fc.nat({ max: 22 }), fc.nat({ max: 5 }), fc.nat({ max: 5 }))
  .map(([first, second, ...choices]) =>
    Array.from({ length: 23 }, (_, index) => {
      if (index === first) return choices[0];
      return index === second ? choices[1] : undefined;
    }),
  );

test('a change is seen wherever it is, also while it moves on between two reads', async () => {
  const places = Object.keys(next) as Place[];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...places), moves, async (start, choices) => {
      const { queues, parked, open } = await readWork(purgerWith(start, choices));
      const counts = Object.values(queues).map(countOf);
      expect(counts.reduce((sum, count) => sum + count, 0) + parked.length + open.length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});

test('a watched queue that cannot be looked into leaves nothing to be called fresh', () => {
  const none = { visible: 0, inFlight: 0, delayed: 0 };
  const facts = {
    queues: { buffer: none, deadLetters: none, inbox: none },
    parked: [],
    open: [],
    quota: { files: { people: 1 }, dirs: { people: 1 }, requests: { left: 1 }, isKnown: true },
    switches: { submit: 'Enabled', tick: 'ENABLED' },
    alarms: [],
  } as unknown as Parameters<typeof statusOf>[0];
  expect(statusOf({ ...facts, unread: 0 })).toMatchObject({ fresh: true, why: [] });
  expect(statusOf({ ...facts, unread: 1 })).toMatchObject({
    fresh: false,
    why: ['1 watched queue is more than it can look into'],
  });
});
