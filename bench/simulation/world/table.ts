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
    readonly Limit?: number;
    readonly ExclusiveStartKey?: Item;
    readonly ConditionExpression?: string;
    readonly ReturnValuesOnConditionCheckFailure?: string;
    readonly ExpressionAttributeValues?: Item;
    readonly ReturnValues?: string;
  };
}

/** An item by the names of its attributes. */
export type Item = Record<string, { readonly S?: string; readonly N?: string }>;

/** A page of the index has at most so many items. */
const mostInPage = 1000;

/** A simulated table, and what is in it. */
export interface SimulatedTable {
  readonly client: DynamoDBClient;
  /** @returns the items that are in the index: those that have the attribute `queue` */
  readonly indexed: () => readonly Item[];
}

/**
 * @returns what the limits need of DynamoDB: items that are read consistently, and written by condition on their version;
 * and the index by `queue` and `order`
 */
export function createTable(
  clock: Pick<VirtualClock, 'nowMs' | 'sleep'>,
  { latencyMs, fails }: TableOptions,
  items = new Map<string, Item>(),
): SimulatedTable {
  const half = () => clock.sleep(latencyMs() / 2);
  const indexed = () => [...items.values()].filter(({ queue }) => queue !== undefined);

  function write(pk: string, { Item: item, ...condition }: Command['input']): boolean {
    if (!isMet(condition, items.get(pk)?.version?.N)) return false;
    if (item === undefined) items.delete(pk);
    else items.set(pk, item);
    return true;
  }

  function query({ ExpressionAttributeValues, ExclusiveStartKey, Limit = mostInPage }: Command['input']) {
    const queue = ExpressionAttributeValues?.[':queue']?.S;
    const start = ExclusiveStartKey === undefined ? '' : positionOf(ExclusiveStartKey);
    const rest = indexed()
      .filter((item) => item.queue?.S === queue && positionOf(item) > start)
      .sort((a, b) => (positionOf(a) < positionOf(b) ? -1 : 1));
    const page = rest.slice(0, Math.min(Limit, mostInPage));
    return { Items: page, ...(page.length < rest.length && { LastEvaluatedKey: page.at(-1) }) };
  }

  async function send(command: Command) {
    const { input } = command;
    await half();
    if (fails?.(clock.nowMs())) throw new Error('the table is gone');
    const pk = (input.Key ?? input.Item)?.pk?.S ?? '';
    const before = items.get(pk);
    const result = apply(command, pk);
    await half();
    if (result !== undefined) return result;
    throw new ConditionalCheckFailedException({
      message: 'The conditional request failed',
      $metadata: {},
      ...(input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before && { Item: before as never }),
    });
  }

  function apply({ constructor: { name }, input }: Command, pk: string): object | undefined {
    switch (name) {
      case 'GetItemCommand':
        return { Item: items.get(pk) };
      case 'ScanCommand':
        return { Count: Math.min(1, indexed().length) };
      case 'QueryCommand':
        return query(input);
      default: {
        const old = items.get(pk);
        if (!write(pk, input)) return undefined;
        return input.ReturnValues === 'ALL_OLD' && old !== undefined ? { Attributes: old } : {};
      }
    }
  }

  return { client: { send } as unknown as DynamoDBClient, indexed };
}

function positionOf({ order, pk }: Item): string {
  return `${order?.S} ${pk?.S}`;
}

/** @returns whether an item of this version may be written; undefined where there is none */
function isMet(
  { ConditionExpression = '', ExpressionAttributeValues }: Command['input'],
  version: string | undefined,
): boolean {
  const expected = ExpressionAttributeValues?.[':version']?.N;
  if (!ConditionExpression.includes('<')) return version === expected;
  return version !== undefined && Number(version) < Number(expected);
}
