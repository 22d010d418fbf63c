import { Resource, Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/** As whom a purger calls CDN Pro, and where it keeps what that may still send. */
export interface LedgerUse {
  readonly credentials: ISecret;
  readonly ledger: ITable;
}

/** @returns whether two purgers are one CDN Pro user and for certain keep its limits apart, each in its own ledger */
export function keepLimitsApart(one: LedgerUse, other: LedgerUse): boolean {
  return nameOf(one.credentials) === nameOf(other.credentials) && areApart(one.ledger, other.ledger);
}

/** A secret's account, region and name, of which those that only the deployment knows count as equal. */
function nameOf(secret: ISecret): string {
  const { secretArn, secretName, stack, node } = secret;
  if (Token.isUnresolved(secretName) && Token.isUnresolved(secretArn)) return node.path;
  const [, , , region = stack.region, account = stack.account] = Token.isUnresolved(secretArn)
    ? []
    : secretArn.split(':');
  const known = [account, region].map((part) => (Token.isUnresolved(part) ? '' : part));
  return [...known, secretName].join('/');
}

/** A table that is imported by its name may be any table of the app. */
function areApart(one: ITable, other: ITable): boolean {
  return one !== other && isOwn(one) && isOwn(other);
}

function isOwn(table: ITable): boolean {
  return Resource.isOwnedResource(table);
}
