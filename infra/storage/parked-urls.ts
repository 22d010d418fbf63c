import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, type ITable, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { waitingIndex } from '../../functions/aws/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { acknowledge } from '../security/nag-suppressions.ts';

/** The URLs that wait for tokens of the day, each once, in the deployment's own table. */
export class ParkedUrls extends Construct {
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
      deletionProtection: retainData,
      // A protected table cannot be deleted when its creation is rolled back, so it stays then, too.
      removalPolicy: retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    table.addGlobalSecondaryIndex({
      indexName: waitingIndex,
      partitionKey: { name: 'queue', type: AttributeType.STRING },
      sortKey: { name: 'order', type: AttributeType.STRING },
    });
    acknowledge(table, {
      'NIST.800.53.R5-DynamoDBInBackupPlan':
        'Point-in-time recovery goes back 35 days to the second. What waited on another day was purged since: a backup of it would add nothing.',
    });
    // CDK's own types do not fit together under exactOptionalPropertyTypes.
    this.table = table as ITable;
  }

  /** Lets a grantee park URLs, and remove those that were purged since. */
  grantPark(grantee: IGrantable): void {
    this.#grant(grantee, ['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem']);
  }

  /** Lets a grantee read what waits and remove it, and keep its turn in the same table. */
  grantRelease(grantee: IGrantable): void {
    this.grantPark(grantee);
    const index = `${this.table.tableArn}/index/${waitingIndex}`;
    Grant.addToPrincipal({ actions: ['dynamodb:Query', 'dynamodb:Scan'], grantee, resourceArns: [index] });
  }

  #grant(grantee: IGrantable, actions: string[]): void {
    Grant.addToPrincipal({ actions, grantee, resourceArns: [this.table.tableArn] });
  }
}
