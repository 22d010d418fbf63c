import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { startAws } from '../../local/aws/start-aws.ts';
import { synthesize } from '../../local/aws/synthesize.ts';
import { largeQuotas } from '../../local/cdn-pro/options.ts';
import { startCdnPro } from '../../local/cdn-pro/server.ts';
import { eventually, scratchFolder } from '../helpers/start.ts';
import { killFunctions, startSwitch } from './break.ts';

const objects = 50_000;
const bucket = 'chaos-bucket';
const visibilitySeconds = 332;
const rateLimit = { requests: 300, perSeconds: 300, headroom: 0.1 };
const config = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: bucket }],
  rules: [
    { match: { source: 's3', key: '{+path}' }, purge: { fileUrls: ['https://www.example.com/{+path}'] } },
  ],
  rateLimit,
};

/** The most of these times in any window that ends with one of them. */
function mostInWindow(timesMs: readonly number[], windowMs: number): number {
  let first = 0;
  return timesMs.reduce((most, timeMs, index) => {
    while ((timesMs[first] ?? 0) <= timeMs - windowMs) first++;
    return Math.max(most, index - first + 1);
  }, 0);
}

test('50,000 objects in one go while everything breaks: nothing is lost, and nothing is over the limit', async () => {
  const scratch = scratchFolder();
  writeFileSync(scratch.path('config.json'), JSON.stringify(config));
  const assembly = await synthesize(scratch.path('config.json'));
  let credentials = { username: 'local', apiKey: 'first' };
  const cdnPro = await startCdnPro({
    quotas: largeQuotas,
    credentials,
    deployedHosts: { production: ['www.example.com'], staging: [] },
  });
  let dynamodbPort = 0;
  const dynamodb = await startSwitch(() => dynamodbPort);
  const api = await startSwitch(() => Number(new URL(cdnPro.url).port));
  const problems: string[] = [];
  const aws = await startAws({
    assemblyDir: assembly.directory,
    secrets: () => JSON.stringify(credentials),
    environment: { CDN_PRO_ENDPOINT: api.url, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url },
    onEvent: (event) => {
      if (event.type === 'invocation-failed')
        problems.push(`${event.functionName}: ${event.error.errorMessage}`);
    },
  });
  dynamodbPort = Number(new URL(aws.dynamodb.endpoint).port);
  const sqs = new SQSClient({
    endpoint: aws.sqs.endpoint,
    region: aws.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  // What a killed consumer had comes again after half an hour (record 0099), which is too long for a test.
  await sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: aws.outputs.BufferQueueUrl,
      Attributes: { VisibilityTimeout: String(visibilitySeconds) },
    }),
  );
  const purged = new Set<string>();
  const collect = () => {
    for (const { body } of cdnPro.purges) for (const url of body.fileUrls ?? []) purged.add(url);
    return purged.size;
  };
  const report = (what: string) =>
    console.log(`${what}: ${collect()} purged in ${cdnPro.requests.length} requests`);

  const upload = async () => {
    let next = 0;
    const worker = async () => {
      while (next < objects)
        await fetch(`${aws.s3.endpoint}/${bucket}/o/${next++}`, { method: 'PUT', body: 'x' });
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    report('all uploaded');
  };
  const breakThings = async () => {
    await eventually(() => collect() > 500, 60_000);
    // A request that hangs is a consumer in the middle of its batch.
    cdnPro.injectFault({ kind: 'hang' });
    await eventually(() => cdnPro.requests.some(({ status }) => status === undefined), 60_000);
    expect(killFunctions(assembly.directory, submitEvents.purgeAccepted)).toBeGreaterThan(0);
    report(
      `consumers killed in the middle of a batch, which comes again after the visibility timeout of ${visibilitySeconds} s`,
    );
    await sleep(5000);
    report('DynamoDB goes');
    await dynamodb.cutFor(30_000);
    report('DynamoDB is back, and the secret is rotated');
    credentials = { username: 'local', apiKey: 'second' };
    cdnPro.replaceCredentials(credentials);
    await sleep(10_000);
    report('CDN Pro goes');
    await api.cutFor(120_000);
    report('CDN Pro is back');
  };
  try {
    await Promise.all([upload(), breakThings()]);
    const isDone = await eventually(() => collect() === objects, 400_000);
    report('the end');
    expect(isDone).toBe(true);

    const counted = cdnPro.requests.filter(({ counted }) => counted).map(({ arrivedMs }) => arrivedMs);
    expect(mostInWindow(counted, 300_000)).toBeLessThanOrEqual(270);
    expect(cdnPro.requests.filter(({ status }) => status === 429)).toEqual([]);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: aws.outputs.DeadLetterQueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe('0');
    expect(problems.some((problem) => problem.includes('Submit'))).toBe(true);
    sqs.destroy();
  } finally {
    await aws.stop();
    await cdnPro.stop();
    dynamodb.stop();
    api.stop();
    assembly.remove();
    scratch.remove();
  }
});
