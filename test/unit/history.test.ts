import type { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { openQueue } from '../../functions/aws/journal/purge-recorder.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import { openHistory } from '../../infra/cli/purger/history/history.ts';
import { readTime } from '../../infra/cli/queries/time.ts';

/** Others ask for the purges that are followed. */
const isOfDay = ({ ExpressionAttributeValues }: QueryCommand['input']) =>
  ExpressionAttributeValues?.[':queue']?.S !== openQueue;

test('no more days are read than the journal keeps, since whenever purges are asked for', async () => {
  const nowMs = Date.UTC(2026, 10, 26, 8);
  const asked: QueryCommand['input'][] = [];
  const send = async ({ input }: QueryCommand) => {
    asked.push(input);
    return {};
  };
  const client = { send } as unknown as DynamoDBClient;
  const purger = { clients: { dynamodb: async () => client }, tables: { journal: 'J' } } as unknown as Purger;
  for (const since of ['0001-01-01T00:00:00Z', '9999999999d', '91d']) {
    asked.length = 0;
    expect(await (await openHistory(purger, nowMs)).since(readTime('--since', since, nowMs))).toEqual([]);
    expect(asked.filter(isOfDay)).toHaveLength(91);
  }
  expect(readTime('--since', '9999999999d', nowMs)).toBe(0);
});

test('of the day from which purges are asked for, what came before is not read', async () => {
  const nowMs = Date.UTC(2026, 10, 26, 8);
  const asked: QueryCommand['input'][] = [];
  const send = async ({ input }: QueryCommand) => {
    asked.push(input);
    return {};
  };
  const client = { send } as unknown as DynamoDBClient;
  const purger = { clients: { dynamodb: async () => client }, tables: { journal: 'J' } } as unknown as Purger;
  const sinceMs = nowMs - 60_000;
  await (await openHistory(purger, nowMs)).since(sinceMs);
  expect(asked.filter(isOfDay)).toMatchObject([
    {
      KeyConditionExpression: '#queue = :queue AND #order >= :order',
      ExpressionAttributeValues: { ':order': { S: String(sinceMs).padStart(15, '0') } },
    },
  ]);
});
