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
  readonly input: {
    readonly Key?: Item;
    readonly Item?: Item;
    readonly ConditionExpression?: string;
    readonly ExpressionAttributeValues?: Item;
  };
}

type Item = Record<string, { readonly S?: string; readonly N?: string }>;

/** @returns what the limits need of DynamoDB: items that are read consistently, and written by condition on their version */
export function createTable(clock: VirtualClock, { latencyMs, fails }: TableOptions): DynamoDBClient {
  const items = new Map<string, Item>();
  const half = () => clock.sleep(latencyMs() / 2);
  async function send(command: Command) {
    const { input } = command;
    await half();
    if (fails?.(clock.nowMs())) throw new Error('the table is gone');
    const pk = (input.Key ?? input.Item)?.pk?.S ?? '';
    const read = items.get(pk);
    if (command.constructor.name === 'GetItemCommand') {
      await half();
      return { Item: read };
    }
    const isExpected = read?.version?.N === input.ExpressionAttributeValues?.[':version']?.N;
    if (isExpected && input.Item !== undefined) items.set(pk, input.Item);
    await half();
    if (isExpected) return {};
    throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
  }
  return { send } as unknown as DynamoDBClient;
}
