import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { environment } from '../../functions/lambda/environment.ts';
import { completeLimits, limitsOf } from '../../infra/settings/limits-settings.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { localCredentials } from '../aws/emulators/emulators.ts';
import type { FixtureOptions } from '../cdn-pro/fixture.ts';
import { defaultQuota } from '../cdn-pro/limits/quotas.ts';
import type { CdnProOptions } from '../cdn-pro/options.ts';

/** A contract with CDN Pro, as far as it is about the day's URLs. */
export interface Contract {
  readonly files: number;
  readonly dirs: number;
  /** How long a day is, in milliseconds. */
  readonly dayMs: number;
}

/** @returns the contract of the simulator: as given, else the account's, else as the configuration says, else the vendor's default */
export function simulatedContract(
  { quota }: PurgerConfig,
  contract: Contract | undefined,
  account: FixtureOptions | undefined,
): Pick<CdnProOptions, 'quotas' | 'dayMs'> {
  if (contract !== undefined) {
    const { files, dirs, dayMs } = contract;
    return { quotas: { production: { files, dirs }, staging: { files, dirs } }, dayMs };
  }
  if (account?.quotas !== undefined) return { quotas: account.quotas };
  if (quota === undefined) return {};
  const { production, staging } = quota;
  return {
    quotas: { production: { ...defaultQuota, ...production }, staging: { ...defaultQuota, ...staging } },
  };
}

/** @returns the variable that makes all functions count on that contract, whatever the configuration says */
export function contractEnvironment(
  config: PurgerConfig,
  contract: Contract | undefined,
): Readonly<Record<string, string>> {
  if (contract === undefined) return {};
  const { files, dirs } = contract;
  const quota = { production: { files, dirs }, staging: { files, dirs } };
  return { [environment.limits]: JSON.stringify(limitsOf(completeLimits({ ...config, quota }))) };
}

/**
 * Makes the functions count in short days: writes their limits, of which nothing is used, in the form in which they keep
 * them. It is done before any change, and by a version that none of them has seen.
 */
export async function shortenDays(
  { dayMs }: Contract,
  { endpoint, region, table }: { endpoint: string; region: string; table: string },
): Promise<void> {
  const dynamodb = new DynamoDBClient({ endpoint, region, credentials: localCredentials });
  const number = (value: number) => ({ N: String(value) });
  const quota = {
    M: { firstHour: number(0), files: { L: [] }, dirs: { L: [] }, hourMs: number(dayMs / 24) },
  };
  await dynamodb.send(
    new PutItemCommand({
      TableName: table,
      Item: {
        pk: { S: 'rate-window' },
        version: number(Date.now()),
        bucket: { L: [number(60), number(Date.now())] },
        quotas: { M: { production: quota, staging: quota } },
      },
    }),
  );
  dynamodb.destroy();
}
