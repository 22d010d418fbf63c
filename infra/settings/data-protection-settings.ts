import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
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

/**
 * The numbers of days that CloudWatch Logs takes:
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html. CDK has them, too, but
 * commands do not load it.
 */
export const retentions: readonly RetentionDays[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** The fields of {@link DataProtectionProps}, for schemas that have more. */
export const dataProtectionFields = {
  retainData: trueOrFalse.optional(),
  logRetentionDays: z
    .literal(retentions, expected(`a number of days that CloudWatch Logs takes (${retentions.join(', ')})`))
    .optional(),
};
