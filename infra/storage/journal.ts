import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { bodyPrefix, openIndex, purgePrefix } from '../../functions/aws/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';

/** What happened to each purge, and why it was made, for 90 days, in the deployment's own table. */
export class Journal extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, { encryptionKey, retainData }: DataProtection) {
    super(scope, id);
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      ...(encryptionKey === undefined
        ? { encryption: TableEncryption.AWS_MANAGED }
        : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: 'expiresAt',
      deletionProtection: retainData,
      // A protected table cannot be deleted when its creation is rolled back, so it stays then, too.
      removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    table.addGlobalSecondaryIndex({
      indexName: openIndex,
      partitionKey: { name: 'queue', type: AttributeType.STRING },
      sortKey: { name: 'order', type: AttributeType.STRING },
    });
    acknowledge(table, {
      'NIST.800.53.R5-DynamoDBInBackupPlan':
        'Point-in-time recovery goes back 35 days to the second. What is older is about purges that have long ended: nothing depends on it.',
    });
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    this.table = table as ITable;
  }

  /** Lets a grantee write accepted purges. */
  grantRecord(grantee: IGrantable): void {
    Grant.addToPrincipal({
      actions: ['dynamodb:PutItem'],
      grantee,
      resourceArns: [this.table.tableArn],
      conditions: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${purgePrefix}*`, `${bodyPrefix}*`] },
      },
    });
  }

  /** Lets a grantee follow purges to their ends. */
  grantFollow(grantee: IGrantable): void {
    const { tableArn } = this.table;
    Grant.addToPrincipal({
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      grantee,
      resourceArns: [tableArn],
    });
    Grant.addToPrincipal({
      actions: ['dynamodb:Query'],
      grantee,
      resourceArns: [`${tableArn}/index/${openIndex}`],
    });
  }
}
