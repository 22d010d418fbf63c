import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { AccountPrincipal, Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { windowPartition, windowUsedPartition } from '../../functions/aws/tables/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { issuesOfSize, maxTablePolicyBytes, policyOf } from '../security/policy-limits.ts';
import { protectedTable } from './protected-table.ts';

/** Options of a {@link Ledger}. */
export interface LedgerProps {
  readonly protection: DataProtection;
  /** IDs of other accounts whose deployments acquire their slots from this ledger's window. */
  readonly sharedWith: readonly string[];
}

/** The ledger: the rate limit's window, on which consumers have to agree, and the entry memory, in one table. */
export class Ledger extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, { protection, sharedWith }: LedgerProps) {
    super(scope, id);
    const table = protectedTable(this, 'Table', {
      protection,
      expires: true,
      managedKey: sharedWith.length === 0,
      noBackup:
        'What is counted of limits is of no use after a day, and the entry memory comes again from the CMS: a backup of another day would add nothing.',
    });
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    this.table = table as ITable;
    if (sharedWith.length === 0) return;
    const principals = sharedWith.map((account) => new AccountPrincipal(account));
    // A table's policy cannot name the table: each would depend on the other.
    const statement = new PolicyStatement({ ...useOfWindow, principals, resources: ['*'] });
    table.addToResourcePolicy(statement);
    protection.encryptionKey?.addToResourcePolicy(
      new PolicyStatement({ principals, actions: ['kms:Decrypt'], resources: ['*'] }),
    );
    this.node.addValidation({
      validate: () =>
        issuesOfSize(
          { resource: table, policy: policyOf(statement), maxBytes: maxTablePolicyBytes },
          `\`ledgerSharedWith\`: expected a policy of the table ${table.node.path}`,
          `${sharedWith.length} accounts: share it with fewer`,
        ),
    });
  }
}

/** Reading and writing the limits, and the mark that they were used, but not the entry memory in the same table. */
const useOfWindow = {
  actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
  conditions: {
    'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [windowPartition, windowUsedPartition] },
  },
};

/** Lets a grantee use the rate limit's window in a table, and nothing else in it. */
export function grantWindow(table: ITable, grantee: IGrantable): void {
  Grant.addToPrincipal({ ...useOfWindow, grantee, resourceArns: [table.tableArn] });
  table.encryptionKey?.grant(grantee, 'kms:Decrypt');
}

/** Lets a function use the items of its own deployment's table whose partition keys begin with a prefix, or one of several, and nothing else in it. */
export function grantItems(
  { tableArn }: ITable,
  grantee: IGrantable,
  prefix: string | readonly string[],
  actions: readonly string[] = ['dynamodb:GetItem', 'dynamodb:PutItem'],
): void {
  Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [tableArn],
    conditions: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [prefix].flat().map((each) => `${each}*`) },
    },
  });
}
