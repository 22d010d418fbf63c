import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AccountPrincipal, Grant, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { windowPartition, windowUsedPartition } from '../../functions/aws/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';

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
    const { encryptionKey, retainData } = protection;
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(encryptionKey === undefined
        ? { encryption: sharedWith.length === 0 ? TableEncryption.AWS_MANAGED : TableEncryption.DEFAULT }
        : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAt',
      deletionProtection: retainData,
      // A protected table cannot be deleted when its creation is rolled back, so it stays then, too.
      removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(table, {
      'NIST.800.53.R5-DynamoDBInBackupPlan':
        'Point-in-time recovery goes back 35 days to the second. What is counted of limits is of no use after a day, and the entry memory comes again from the CMS: a backup of another day would add nothing.',
    });
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    this.table = table as ITable;
    for (const account of sharedWith) {
      const principal = new AccountPrincipal(account);
      // A table's policy cannot name the table: each would depend on the other.
      table.addToResourcePolicy(
        new PolicyStatement({ ...useOfWindow, principals: [principal], resources: ['*'] }),
      );
      encryptionKey?.grant(principal, 'kms:Decrypt');
    }
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

/** Lets a function use the items of its own deployment's table whose partition keys begin so, and nothing else in it. */
export function grantItems(
  { tableArn }: ITable,
  grantee: IGrantable,
  prefix: string,
  actions: readonly string[] = ['dynamodb:GetItem', 'dynamodb:PutItem'],
): void {
  Grant.addToPrincipal({
    grantee,
    actions: [...actions],
    resourceArns: [tableArn],
    conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${prefix}*`] } },
  });
}
