import * as z from 'zod';
import { recordOf } from '../../functions/core/model/record.ts';
import { expected, nonEmptyString, strictObject } from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';

/** The ledger of another deployment of the same CDN Pro customer, in `infra/config.ts`. */
export interface SharedLedgerSettings {
  /** Name of its table, or its ARN where it is in another account or region. */
  readonly table: string;
  /**
   * ARN of the key that encrypts it, where that is one of yours.
   * @default - AWS's own key
   */
  readonly encryptionKeyArn?: string;
}

/** ARN of a key. Aliases are refused: grants are for the key itself. */
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

const observesAlone =
  "expected not to be set with `mode: 'observe'`: what is only counted would be taken from those that purge";

/**
 * @returns an issue where a deployment that uses another's ledger shares its own, which has no window to share, and where
 *   one that only observes would take tokens and requests from those that purge
 */
export function validateSharing(config: unknown): readonly ValidationIssue[] {
  const { sharedLedger, ledgerSharedWith, mode } = recordOf(config) ?? {};
  if (mode === 'observe') {
    return Object.entries({ sharedLedger, ledgerSharedWith }).flatMap(([field, value]) =>
      value === undefined ? [] : [{ path: [field], message: observesAlone }],
    );
  }
  if (sharedLedger === undefined || ledgerSharedWith === undefined) return [];
  return [
    {
      path: ['ledgerSharedWith'],
      message: 'expected not to be set with `sharedLedger`: let the deployment that has that ledger share it',
    },
  ];
}
