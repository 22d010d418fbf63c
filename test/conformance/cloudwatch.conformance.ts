import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCloudWatch } from '../aws/cloudwatch.ts';
import { createAwsCalls } from './aws-calls.ts';
import { type Moto, startMoto } from './moto.ts';

// What `npm run test:aws` reads CloudWatch with.
const region = 'eu-central-1';
let moto: Moto;

beforeAll(async () => {
  moto = await startMoto();
});
afterAll(() => moto?.stop());

const put = (action: string, parameters: Readonly<Record<string, string>>) =>
  createAwsCalls(moto.url, region).query('monitoring', '2010-08-01', action, parameters);
const credentials = async () => ({ accessKeyId: 'local', secretAccessKey: 'local' });

test('alarms are found by what their names begin with, each with its state', async () => {
  const alarm = { MetricName: 'Errors', Namespace: 'AWS/Lambda', Statistic: 'Sum', Period: '60' };
  const threshold = {
    EvaluationPeriods: '1',
    Threshold: '1',
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
  };
  for (const AlarmName of ['Test-Purger-freshness', 'Test-Purger-throttled', 'Other-Purger-freshness']) {
    await put('PutMetricAlarm', { AlarmName, ...alarm, ...threshold });
  }
  await put('SetAlarmState', {
    AlarmName: 'Test-Purger-throttled',
    StateValue: 'ALARM',
    StateReason: 'a test',
  });
  const states = await createCloudWatch({ endpoint: moto.url, region, credentials }).alarmStates(
    'Test-Purger-',
  );
  expect([...states].toSorted()).toEqual([
    ['Test-Purger-freshness', expect.not.stringMatching('ALARM')],
    ['Test-Purger-throttled', 'ALARM'],
  ]);
});

test("the sum of a metric is that of one purger's values since then", async () => {
  const nowMs = Date.now();
  const values = [
    { purger: 'Test-Purger', value: 20, atMs: nowMs - 90_000 },
    { purger: 'Test-Purger', value: 1, atMs: nowMs - 1_000 },
    { purger: 'Test-Purger', value: 300, atMs: nowMs - 3_600_000 },
    { purger: 'Other-Purger', value: 4000, atMs: nowMs - 1_000 },
  ];
  for (const { purger, value, atMs } of values) {
    await put('PutMetricData', {
      Namespace: 'CdnProPurger',
      'MetricData.member.1.MetricName': 'EntriesPurged',
      'MetricData.member.1.Value': String(value),
      'MetricData.member.1.Timestamp': new Date(atMs).toISOString(),
      'MetricData.member.1.Dimensions.member.1.Name': 'service',
      'MetricData.member.1.Dimensions.member.1.Value': 'submit',
      'MetricData.member.1.Dimensions.member.2.Name': 'purger',
      'MetricData.member.1.Dimensions.member.2.Value': purger,
    });
  }
  const cloudWatch = createCloudWatch({ endpoint: moto.url, region, credentials });
  expect(await cloudWatch.sumOf('EntriesPurged', 'Test-Purger', nowMs - 120_000, nowMs)).toBe(21);
});
