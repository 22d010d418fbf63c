import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';

/** Options of a table. */
export interface ProtectedTableProps {
  readonly protection: DataProtection;
  /** Index of `queue` and `order`. */
  readonly index?: string;
  /** Whether items expire by their `expiresAt`. */
  readonly expires: boolean;
  /** Whether AWS's managed key encrypts it, where the user has no key: no other account can read it then. */
  readonly managedKey: boolean;
  /** Why a backup of more than 35 days ago would add nothing. */
  readonly noBackup: string;
}

/** @returns a table of items by `pk`, paid by request, that goes back to any second of 35 days and is kept as its user says */
export function protectedTable(
  scope: Construct,
  id: string,
  { protection: { encryptionKey, retainData }, index, expires, managedKey, noBackup }: ProtectedTableProps,
): Table {
  const table = new Table(scope, id, {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    ...(encryptionKey === undefined
      ? { encryption: managedKey ? TableEncryption.AWS_MANAGED : TableEncryption.DEFAULT }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(expires && { timeToLiveAttribute: 'expiresAt' }),
    deletionProtection: retainData,
    // A protected table cannot be deleted when its creation is rolled back, so it stays then, too.
    removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  if (index !== undefined) {
    table.addGlobalSecondaryIndex({
      indexName: index,
      partitionKey: { name: 'queue', type: AttributeType.STRING },
      sortKey: { name: 'order', type: AttributeType.STRING },
    });
  }
  acknowledge(table, {
    'NIST.800.53.R5-DynamoDBInBackupPlan': `Point-in-time recovery goes back 35 days to the second. ${noBackup}`,
  });
  return table;
}
