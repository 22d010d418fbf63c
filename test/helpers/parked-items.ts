import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';

type Item = Record<string, { S?: string; N?: string }>;

const indexKeyOf = ({ order, pk }: Item): string => `${order?.S} ${pk?.S}`;

/** How many items a page of a query has at most. */
const pageSize = 3;

/**
 * @param before called before each operation of `client`, and `after` after it has had its effect: each may throw
 * @returns a table such as that of what waits, with an index that is always up to date, and a client of somebody else
 */
export function createParkedItems(before: (what: string) => void = ignore, after = before) {
  const items = new Map<string, Item>();
  const inIndex = (queue?: string, order = '') =>
    [...items.values()]
      .filter((item) => item.queue !== undefined && (queue === undefined || item.queue.S === queue))
      .filter((item) => String(item.order?.S) >= order)
      .map((item) => [indexKeyOf(item), item] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, item]) => item);

  function apply(command: object) {
    if (command instanceof GetItemCommand) return { Item: items.get(String(command.input.Key?.pk?.S)) };
    if (command instanceof ScanCommand) return { Count: Math.min(1, inIndex().length) };
    if (command instanceof QueryCommand) {
      const { ExpressionAttributeValues, ExclusiveStartKey, Limit = pageSize } = command.input;
      const all = inIndex(ExpressionAttributeValues?.[':queue']?.S, ExpressionAttributeValues?.[':order']?.S);
      const start =
        ExclusiveStartKey === undefined ? '' : `${ExclusiveStartKey.order?.S} ${ExclusiveStartKey.pk?.S}`;
      const rest = all.filter((item) => indexKeyOf(item) > start);
      const page = rest.slice(0, Math.min(Limit, pageSize));
      const last = page.at(-1);
      return {
        Items: page,
        ...(page.length < rest.length && last !== undefined && { LastEvaluatedKey: last }),
      };
    }
    if (command instanceof PutItemCommand) {
      const { Item: item = {}, ExpressionAttributeValues } = command.input;
      const pk = String(item.pk?.S);
      check(pk, ExpressionAttributeValues?.[':version']?.N);
      items.set(pk, item as Item);
      return {};
    }
    if (command instanceof DeleteItemCommand) {
      const { Key, ConditionExpression, ExpressionAttributeValues } = command.input;
      const pk = String(Key?.pk?.S);
      const version = ExpressionAttributeValues?.[':version']?.N;
      if (ConditionExpression === 'version < :version') checkOlder(pk, version);
      else check(pk, version);
      const Attributes = items.get(pk);
      items.delete(pk);
      return command.input.ReturnValues === 'ALL_OLD' && Attributes !== undefined ? { Attributes } : {};
    }
    throw new Error(`Expected a command that is known, got ${command.constructor.name}`);
  }

  function checkOlder(pk: string, limit: string | undefined): void {
    const known = items.get(pk)?.version?.N;
    if (known === undefined || Number(known) >= Number(limit)) {
      throw new ConditionalCheckFailedException({ message: 'The conditional request failed', $metadata: {} });
    }
  }

  function check(pk: string, expected: string | undefined): void {
    if (items.get(pk)?.version?.N === expected) return;
    throw new ConditionalCheckFailedException({ message: '', $metadata: {} });
  }

  const clientWith = (before: (what: string) => void, after: (what: string) => void) =>
    ({
      async send(command: object) {
        const what = command.constructor.name;
        before(what);
        await Promise.resolve();
        const result = apply(command);
        after(what);
        return result;
      },
    }) as unknown as DynamoDBClient;
  return { items, client: clientWith(before, after), otherClient: clientWith(ignore, ignore) };
}

function ignore(): void {}
