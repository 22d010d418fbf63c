import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import * as z from 'zod';
import { expected, nonEmptyString, strictObject } from '../settings/schema.ts';
import type { ValidationIssue } from '../settings/validation-issue.ts';

/** The ledger of another deployment that uses the same CDN Pro user, in `infra/config.ts`. */
export interface SharedLedgerSettings {
  /** Name of its table, or its ARN where it is in another account or region. */
  readonly table: string;
  /** ARN of the key that encrypts it, where that is one of yours. */
  readonly encryptionKeyArn?: string;
}

/** ARN of a key. Aliases will not do: grants are for the key itself. */
export const keyArn = nonEmptyString('the ARN of a key').regex(
  /^arn:[^:]+:kms:[^:]+:\d{12}:key\/(?:mrk-[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
  expected('the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID'),
);

/** The schema of {@link SharedLedgerSettings}. */
export const sharedLedgerFields = strictObject({
  table: nonEmptyString('the name or ARN of a table').regex(
    /^(?:[A-Za-z0-9_.-]{3,255}|arn:[^:]+:dynamodb:[^:]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255})$/,
    expected('the name of a DynamoDB table, or its ARN'),
  ),
  encryptionKeyArn: keyArn.optional(),
});

/** The schema of the accounts that a ledger is shared with. */
export const accounts = z.array(
  nonEmptyString('an account').regex(/^\d{12}$/, expected('the 12 digits of an AWS account')),
  expected('a list of AWS accounts'),
);

/**
 * @returns what is wrong with a ledger that is shared: one whose window is another's has nothing to share, and would
 * only look as if it had
 */
export function validateSharing(config: unknown): readonly ValidationIssue[] {
  const { sharedLedger, ledgerSharedWith } = (config ?? {}) as Readonly<Record<string, unknown>>;
  if (sharedLedger === undefined || ledgerSharedWith === undefined) return [];
  return [
    {
      path: ['ledgerSharedWith'],
      message: 'expected nothing beside `sharedLedger`: let the deployment that has that ledger share it',
    },
  ];
}

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
  const { account, region } = placeOf(table);
  return isSame(account, here.account) && isSame(region, here.region) ? table.tableName : table.tableArn;
}

/** CDK takes an imported table to be where the stack is, whatever its ARN says. */
function placeOf({ tableArn, env }: ITable): { readonly account: string; readonly region: string } {
  if (Token.isUnresolved(tableArn)) return env;
  const [, , , region = '', account = ''] = tableArn.split(':');
  return { account, region };
}

/** Stacks that do not say where they are deployed are deployed to one place. */
function isSame(one: string, other: string): boolean {
  const comparison = Token.compareStrings(one, other);
  return comparison === TokenComparison.SAME || comparison === TokenComparison.BOTH_UNRESOLVED;
}
