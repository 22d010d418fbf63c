import { describeValue } from '../../functions/core/model/errors.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import { check, purgerSubject } from './checks/check.ts';
import { expected, nonEmptyString, strictObject } from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import { dataProtectionFields } from './data-protection-settings.ts';
import { accounts, validateSharing } from './ledger-settings.ts';

/** CDN Pro's API. Credentials are sent there: over plain HTTP only to this machine, for trying things out. */
export const endpointField = nonEmptyString('a URL').regex(
  /^(?:https:\/\/[^/]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/?$/,
  expected('scheme and host of a URL that begins with https://'),
);

const propsFields = {
  ...dataProtectionFields,
  ledgerSharedWith: accounts.optional(),
  endpoint: endpointField.optional(),
};

type CheckedProps = Readonly<
  Partial<Record<'credentials' | 'sharedLedger' | 'mode' | keyof typeof propsFields, unknown>>
>;

/**
 * Checks the construct's props that are no settings.
 * @throws ConfigError with every issue
 */
export function checkProps({ credentials, sharedLedger, mode, ...props }: CheckedProps) {
  const { retainData, logRetentionDays, endpoint, ledgerSharedWith } = props;
  const checked = { retainData, logRetentionDays, endpoint, ledgerSharedWith };
  return check(strictObject(propsFields), checked, purgerSubject, () => [
    ...validateCredentials(credentials),
    ...validateSharing({ sharedLedger, ledgerSharedWith, mode }),
  ]);
}

/** For users who write plain JavaScript. */
function validateCredentials(credentials: unknown): readonly ValidationIssue[] {
  if (typeof recordOf(credentials)?.grantRead === 'function') return [];
  const expected = "expected a secret, such as Secret.fromSecretNameV2(this, 'CdnPro', 'cdn-pro/api')";
  return [{ path: ['credentials'], message: `${expected}, got ${describeValue(credentials)}` }];
}
