import { ConditionalCheckFailedException, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { VirtualClock } from './clock.ts';

/** How a simulated table behaves. */
export interface TableOptions {
  /** How long an operation takes, in milliseconds. */
  readonly latencyMs: () => number;
  /** Whether an operation fails. */
  readonly fails?: (nowMs: number) => boolean;
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: { readonly Item?: Record<string, { N?: string }>; readonly ConditionExpression?: string };
}

/** @returns what the ledger needs of DynamoDB: one item, read consistently, written by condition on its version */
export function createTable(clock: VirtualClock, { latencyMs, fails }: TableOptions): DynamoDBClient {
  let item: Record<string, { N?: string }> | undefined;
  const half = () => clock.sleep(latencyMs() / 2);
  async function send(command: Command & { input: Record<string, unknown> }) {
    const { input } = command;
    await half();
    if (fails?.(clock.nowMs())) throw new Error('the table is gone');
    const read = item;
    if (command.constructor.name === 'GetItemCommand') {
      await half();
      return { Item: read };
    }
    const values = input.ExpressionAttributeValues as Record<string, { N?: string }> | undefined;
    const isExpected = values === undefined ? item === undefined : item?.version?.N === values[':version']?.N;
    if (isExpected) item = input.Item;
    await half();
    if (isExpected) return {};
    throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
  }
  return { send } as unknown as DynamoDBClient;
}
