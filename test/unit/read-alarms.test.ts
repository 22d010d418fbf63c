import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { readAlarms } from '../../infra/cli/purger/alarms.ts';
import type { Purger } from '../../infra/cli/purger/connect.ts';

/** A purger in an account with alarms of these names. */
function purgerAmong(name: string, alarmNames: readonly string[]): Purger {
  const client = new CloudWatchClient({ region: 'eu-west-1' });
  const send = async ({ input }: { input: { AlarmNamePrefix?: string } }) => ({
    MetricAlarms: alarmNames
      .filter((each) => each.startsWith(input.AlarmNamePrefix ?? ''))
      .map((AlarmName) => ({ AlarmName, StateValue: 'ALARM' })),
  });
  Object.assign(client, { send });
  return { name, clients: { cloudWatch: async () => client } } as unknown as Purger;
}

test('the alarms of a purger are not those of another one whose name begins with its own', async () => {
  const own = [
    'Site-Purger-freshness',
    'Site-Purger-freshness-inbox',
    'Site-Purger-receiver-errors-receive-s3',
  ];
  const others = ['Site-Purger-Blog-freshness', 'Site-Purger-2-dead-letters', 'Site-Purger2-freshness'];
  const alarms = await readAlarms(purgerAmong('Site-Purger', [...own, ...others]));
  expect(alarms?.map(({ name }) => name)).toEqual(own);
});
