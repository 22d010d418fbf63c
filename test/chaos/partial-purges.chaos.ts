import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { followEvents } from '../../functions/lambda/log-events.ts';
import { startAws } from '../../local/aws/start-aws.ts';
import { synthesize } from '../../local/aws/synthesize.ts';
import { largeQuotas } from '../../local/cdn-pro/options.ts';
import type { PurgeRequest } from '../../local/cdn-pro/purges/purge-request.ts';
import { startCdnPro } from '../../local/cdn-pro/server.ts';
import { eventually, scratchFolder } from '../helpers/start.ts';
import { killFunctions, startSwitch } from './break.ts';

const groups = 12;
const objectsInGroup = 20;
const objects = groups * objectsInGroup;
const bucket = 'chaos-bucket';
const processingMs = 5000;
/** As `functions/core/following/repairs.ts` has it: a larger purge is not sent again for a few servers. */
const mostRepairedUrls = 50;
/** An entry that was repaired three times goes to the dead letter queue. */
const mostLeftOut = 2;
const credentials = { username: 'local', apiKey: 'local' };
const config = {
  credentials: 'cdn-pro/api',
  target: 'production',
  buckets: [{ name: bucket }],
  rules: [
    { match: { source: 's3', key: '{+path}' }, purge: { fileUrls: ['https://www.example.com/{+path}'] } },
  ],
  probe: false,
};

/** Leaves some servers out of every other purge, and of none of its URLs more often than they are repaired. */
function createLeavingOut() {
  const times = new Map<string, number>();
  let count = 0;
  return ({ fileUrls = [] }: PurgeRequest): number => {
    count++;
    const isSpared = fileUrls.some((url) => (times.get(url) ?? 0) >= mostLeftOut);
    if (count % 2 === 0 || isSpared || fileUrls.length > mostRepairedUrls) return 100;
    for (const url of fileUrls) times.set(url, (times.get(url) ?? 0) + 1);
    return 99.5;
  };
}

test('each purge that leaves servers out is followed by one of the same URLs, while what follows purges breaks', async () => {
  const scratch = scratchFolder();
  writeFileSync(scratch.path('config.json'), JSON.stringify(config));
  const assembly = await synthesize(scratch.path('config.json'));
  const cdnPro = await startCdnPro({
    quotas: largeQuotas,
    credentials,
    deployedHosts: { production: ['www.example.com'], staging: [] },
    processingMs: () => processingMs,
    successRate: createLeavingOut(),
  });
  let dynamodbPort = 0;
  const dynamodb = await startSwitch(() => dynamodbPort);
  const aws = await startAws({
    assemblyDir: assembly.directory,
    secrets: () => JSON.stringify(credentials),
    environment: { CDN_PRO_ENDPOINT: cdnPro.url, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url },
    scheduleEveryMs: 2000,
  });
  dynamodbPort = Number(new URL(aws.dynamodb.endpoint).port);
  const sqs = new SQSClient({
    endpoint: aws.sqs.endpoint,
    region: aws.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const partial = () => cdnPro.purges.filter(({ successRate }) => successRate < 100);
  /** The URLs of partial purges that no later purge has. */
  const notFollowed = () =>
    cdnPro.purges.flatMap(({ successRate, body }, index) => {
      if (successRate >= 100) return [];
      const later = new Set(cdnPro.purges.slice(index + 1).flatMap(({ body }) => body.fileUrls ?? []));
      return (body.fileUrls ?? []).filter((url) => !later.has(url));
    });
  const purged = () => new Set(cdnPro.purges.flatMap(({ body }) => body.fileUrls ?? [])).size;
  const report = (what: string) =>
    console.log(
      `${what}: ${purged()} purged in ${cdnPro.purges.length}, ${partial().length} of them partial, ${notFollowed().length} URLs to be repaired`,
    );

  const upload = async () => {
    for (let group = 0; group < groups; group++) {
      const names = Array.from({ length: objectsInGroup }, (_, each) => `${group}/${each}`);
      await Promise.all(
        names.map((name) => fetch(`${aws.s3.endpoint}/${bucket}/${name}`, { method: 'PUT', body: 'x' })),
      );
      await sleep(4000);
    }
    await eventually(() => purged() === objects, 60_000);
    report('all uploaded');
  };
  const isListHanging = () =>
    cdnPro.otherRequests.some(
      ({ endpoint, status }) => endpoint === 'GET /cdn/purges' && status === undefined,
    );
  try {
    cdnPro.injectFault({ kind: 'hang' }, 1, 'GET /cdn/purges');
    await upload();
    expect(await eventually(isListHanging, 100_000)).toBe(true);
    expect(killFunctions(assembly.directory, followEvents.purgeEnded)).toBeGreaterThan(0);
    report('a tick was killed while it asked');
    const before = notFollowed().length;
    expect(before).toBeGreaterThan(0);
    await eventually(() => notFollowed().length < before, 150_000);
    report('DynamoDB goes in the middle of repairs');
    await dynamodb.cutFor(10_000);
    report('DynamoDB is back');
    await eventually(() => notFollowed().length === 0, 250_000);
    report('the end');
    expect(notFollowed()).toEqual([]);
    expect(partial().length).toBeGreaterThan(2);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: aws.outputs.DeadLetterQueueUrl,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    expect(Attributes?.ApproximateNumberOfMessages).toBe('0');
  } finally {
    sqs.destroy();
    await aws.stop();
    await cdnPro.stop();
    dynamodb.stop();
    assembly.remove();
    scratch.remove();
  }
});
