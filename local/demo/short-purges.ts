import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { localCredentials } from '../aws/emulators/emulators.ts';

/**
 * Has the functions ask for purges early: writes into the journal, in the form in which they keep it, that purges were
 * short. It is done before any change.
 */
export async function expectShortPurges({
  endpoint,
  region,
  journalTable,
}: {
  readonly endpoint: string;
  readonly region: string;
  readonly journalTable: string;
}): Promise<void> {
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials: localCredentials });
  const durations = { L: Array.from({ length: 100 }, () => ({ N: '800' })) };
  const Item = { pk: { S: 'following' }, version: { N: '1' }, durations, spent: { M: {} } };
  await dynamodb.send(new PutItemCommand({ TableName: journalTable, Item }));
  dynamodb.destroy();
}
