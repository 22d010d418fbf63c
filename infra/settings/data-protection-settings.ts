import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { expected, trueOrFalse } from './checks/schema.ts';

/** How the user wants data to be kept. */
export interface DataProtectionProps {
  /**
   * Whether the buffer, the dead letter queue, the ledger and the logs stay when the stack is removed, and the ledger
   * refuses to be deleted.
   * @default - true where `target` is `production`
   */
  readonly retainData?: boolean;
  /**
   * How long the functions' logs are kept, in days, as CloudWatch Logs can: 30, 90, 365 …
   * @default 30
   */
  readonly logRetentionDays?: number;
}

/** The numbers of days that CloudWatch Logs takes; CDK has one more that means forever. */
const retentions = Object.values(RetentionDays).filter(
  (days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE,
);

/** The fields of {@link DataProtectionProps}, for schemas that have more. */
export const dataProtectionFields = {
  retainData: trueOrFalse.optional(),
  logRetentionDays: z
    .literal(retentions, expected(`a number of days that CloudWatch Logs takes (${retentions.join(', ')})`))
    .optional(),
};
