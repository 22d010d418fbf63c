import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { localCredentials } from '../aws/emulators/emulators.ts';

/** So many durations the functions keep. */
const kept = 100;

/**
 * Has the functions ask for purges when these may have finished: writes into the journal, in the form in which they keep it,
 * how long purges took. It is done before any change.
 * @param durationsMs at least one
 */
export async function expectDurations(
  {
    endpoint,
    region,
    journalTable,
  }: { readonly endpoint: string; readonly region: string; readonly journalTable: string },
  durationsMs: readonly number[],
): Promise<void> {
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials: localCredentials });
  const numbers = Array.from({ length: kept }, (_, index) => `${durationsMs[index % durationsMs.length]}`);
  const durations = { L: numbers.map((N) => ({ N })) };
  const Item = { pk: { S: 'following' }, version: { N: '1' }, durations, spent: { M: {} } };
  await dynamodb.send(new PutItemCommand({ TableName: journalTable, Item }));
  dynamodb.destroy();
}
