import { RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type LogGroup, type LogGroupProps, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Target } from '../../functions/core/model/types.ts';
import type { DataProtectionProps } from '../settings/data-protection-settings.ts';
import { grantLogsUse } from './key-policy.ts';
import { acknowledge } from './nag-suppressions.ts';

/** {@link DataProtectionProps} that were checked. */
interface CheckedProps {
  readonly retainData?: boolean | undefined;
  readonly logRetentionDays?: RetentionDays | undefined;
}

/** How data is kept. */
export interface DataProtection {
  /** Encrypts queues, table, logs and the functions' environment. Missing where AWS's own keys do. */
  readonly encryptionKey?: IKey;
  readonly retainData: boolean;
  readonly logRetentionDays: RetentionDays;
}

const defaultLogRetentionDays = RetentionDays.ONE_MONTH;

/** @returns how data is kept, every default filled in */
export function dataProtection(
  { retainData, logRetentionDays }: CheckedProps,
  target: Target,
  encryptionKey: IKey | undefined,
): DataProtection {
  return {
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
    retainData: retainData ?? target === 'production',
    logRetentionDays: logRetentionDays ?? defaultLogRetentionDays,
  };
}

/** @returns what happens to a resource with data when the stack is deleted; a failed creation leaves nothing behind */
export function removalPolicy({ retainData }: DataProtection): RemovalPolicy {
  return retainData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/** @returns how long and how safely a log group keeps lines; its key then lets CloudWatch Logs use it */
export function keptLogs(protection: DataProtection): LogGroupProps {
  const { encryptionKey, logRetentionDays } = protection;
  if (encryptionKey !== undefined) grantLogsUse(encryptionKey);
  return {
    retention: logRetentionDays,
    removalPolicy: removalPolicy(protection),
    ...(encryptionKey === undefined ? {} : { encryptionKey }),
  };
}

/** States why a log group needs no key of the customer, where there is none. */
export function acknowledgeLogs(logGroup: LogGroup, { encryptionKey }: DataProtection): void {
  if (encryptionKey !== undefined) return;
  acknowledge(logGroup, {
    'NIST.800.53.R5-CloudWatchLogGroupEncrypted':
      "CloudWatch Logs encrypts it with its own key. `encryptionKey` makes it the customer's.",
  });
}
