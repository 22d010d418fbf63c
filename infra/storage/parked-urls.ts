import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { waitingIndex } from '../../functions/aws/tables/ledger-keys.ts';
import type { DataProtection } from '../security/data-protection.ts';
import { protectedTable } from './protected-table.ts';

/** The URLs that wait for tokens of the day, each once, in the deployment's own table. */
export class ParkedUrls extends Construct {
  readonly table: ITable;

  constructor(scope: Construct, id: string, protection: DataProtection) {
    super(scope, id);
    const table = protectedTable(this, 'Table', {
      protection,
      index: waitingIndex,
      expires: false,
      managedKey: true,
      noBackup: 'What waited on another day was purged since: a backup of it would add nothing.',
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
