import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { bodyPrefix, openIndex, purgePrefix, urlsPrefix } from '../../functions/aws/tables/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { protectedTable } from './protected-table.ts';

/** What happened to each purge, and why it was made, for 90 days, in the deployment's own table. */
export class Journal extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, protection: DataProtection) {
    super(scope, id);
    const table = protectedTable(this, 'Table', {
      protection,
      index: openIndex,
      expires: true,
      managedKey: true,
      noBackup: 'What is older is about purges that have long ended: nothing depends on it.',
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
        'ForAllValues:StringLike': {
          'dynamodb:LeadingKeys': [`${purgePrefix}*`, `${bodyPrefix}*`, `${urlsPrefix}*`],
        },
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
