import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environment } from '../../functions/lambda/environment.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../aws/emulators/emulators.ts';

/** @returns the name that the ledger of another deployment has here; undefined where it is the stack's own */
export function sharedTableName({ sharedLedger }: PurgerConfig): string | undefined {
  return sharedLedger?.table.replace(/^arn:.*\//, '');
}

/** @returns what makes all functions use that table: there is no other deployment here, and no other account */
export function sharedTableEnvironment(config: PurgerConfig): Readonly<Record<string, string>> {
  const name = sharedTableName(config);
  return name === undefined ? {} : { [environment.ledgerTableName]: name };
}

/** Creates the table that another deployment would have. */
export async function createSharedTable(
  config: PurgerConfig,
  { endpoint, region }: { readonly endpoint: string; readonly region: string },
): Promise<void> {
  const TableName = sharedTableName(config);
  if (TableName === undefined) return;
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials: localCredentials });
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  dynamodb.destroy();
}
