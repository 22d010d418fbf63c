import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

/** Where an item is kept. */
export interface ItemAddress {
  readonly client: DynamoDBClient;
  /** Name or ARN of the table. */
  readonly tableName: string;
  /** The item's partition key. */
  readonly pk: string;
}

/** An item as it was read. An attribute may be missing where an earlier version of this project wrote the item. */
export interface VersionedItem<Attributes> {
  /** Undefined where the item does not exist. */
  readonly attributes: Partial<Attributes> | undefined;
  /** Changes with every write; 0 where the item does not exist or has none. */
  readonly version: number;
}

/** Reads an item, consistently. The caller names the form in which this project writes it. */
export async function readItem<Attributes>({
  client,
  tableName,
  pk,
}: ItemAddress): Promise<VersionedItem<Attributes>> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: tableName, Key: marshall({ pk }), ConsistentRead: true }),
  );
  return parseItem(Item);
}

function parseItem<Attributes>(
  Item: Parameters<typeof unmarshall>[0] | undefined,
): VersionedItem<Attributes> {
  if (Item === undefined) return { attributes: undefined, version: 0 };
  // By default, a number above 2^53 becomes a bigint.
  const { version = 0, ...attributes } = unmarshall(Item, { wrapNumbers: Number });
  return { attributes: attributes as Partial<Attributes>, version };
}

/**
 * Writes all attributes of an item, unless it was written by somebody else since it was read.
 * @param version as it was read
 * @param nextVersion what it is from then on
 * @returns whether the item was written
 */
export async function writeItem(
  address: ItemAddress,
  attributes: object,
  version: number,
  nextVersion = version + 1,
): Promise<boolean> {
  return (await tryWrite(address, attributes, version, nextVersion)).isWritten;
}

/**
 * The same.
 * @returns whether the item was written, and otherwise what is there, where DynamoDB says so
 */
export async function tryWrite<Attributes>(
  { client, tableName, pk }: ItemAddress,
  attributes: object,
  version: number,
  nextVersion: number,
): Promise<{ readonly isWritten: boolean; readonly found?: VersionedItem<Attributes> }> {
  const condition =
    version === 0
      ? { ConditionExpression: 'attribute_not_exists(version)' }
      : {
          ConditionExpression: 'version = :version',
          ExpressionAttributeValues: marshall({ ':version': version }),
        };
  const Item = marshall({ pk, ...attributes, version: nextVersion }, { allowImpreciseNumbers: true });
  try {
    const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
    const TableName = tableName;
    await client.send(
      new PutItemCommand({ TableName, Item, ...condition, ReturnValuesOnConditionCheckFailure }),
    );
    return { isWritten: true };
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    return { isWritten: false, ...(error.Item && { found: parseItem<Attributes>(error.Item) }) };
  }
}

/** Writes an item, whatever is there. */
export async function putItem({ client, tableName, pk }: ItemAddress, attributes: object): Promise<void> {
  await client.send(new PutItemCommand({ TableName: tableName, Item: marshall({ pk, ...attributes }) }));
}
