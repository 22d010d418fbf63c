import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { SharedLedgerSettings } from '../settings/ledger-settings.ts';

/** @returns the table of another deployment's ledger */
export function importLedger(
  scope: Construct,
  id: string,
  { table, encryptionKeyArn }: SharedLedgerSettings,
): ITable {
  const name = table.startsWith('arn:') ? { tableArn: table } : { tableName: table };
  return Table.fromTableAttributes(scope, id, {
    ...name,
    ...(encryptionKeyArn === undefined
      ? {}
      : { encryptionKey: Key.fromKeyArn(scope, `${id}Key`, encryptionKeyArn) }),
  });
}

/** @returns a table's name for functions in the same account and region, otherwise its ARN */
export function nameFor(scope: Construct, table: ITable): string {
  const here = Stack.of(scope);
  const { account, region } = locationOf(table);
  return isSame(account, here.account) && isSame(region, here.region) ? table.tableName : table.tableArn;
}

/** CDK assumes that an imported table is in the stack's account and region, whatever its ARN says. */
function locationOf({ tableArn, env }: ITable): { readonly account: string; readonly region: string } {
  if (Token.isUnresolved(tableArn)) return env;
  const [, , , region = '', account = ''] = tableArn.split(':');
  return { account, region };
}

/** Stacks without an explicit environment are deployed to the same account and region. */
function isSame(one: string, other: string): boolean {
  const comparison = Token.compareStrings(one, other);
  return comparison === TokenComparison.SAME || comparison === TokenComparison.BOTH_UNRESOLVED;
}
