import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { environment } from '../../functions/lambda/environment.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../aws/emulators/emulators.ts';

/** @returns the local name of another deployment's table; undefined where the table is the stack's own */
export function sharedTableName({ sharedLedger }: PurgerConfig): string | undefined {
  return sharedLedger?.table.replace(/^arn:.*\//, '');
}

/** @returns the variables that make all functions use that table: there is no other deployment or account here */
export function sharedTableEnvironment(config: PurgerConfig): Readonly<Record<string, string>> {
  const name = sharedTableName(config);
  return name === undefined ? {} : { [environment.ledgerTableName]: name };
}

/** Creates the other deployment's table. */
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
