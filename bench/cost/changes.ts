import { setTimeout as sleep } from 'node:timers/promises';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import type { LocalAws } from '../../local/aws/start-aws.ts';
import type { CdnPro } from '../../local/cdn-pro/server.ts';
import { bucket, type Path, webhookSource } from './paths.ts';

/** @returns what makes a change: an upload, or a delivery of the CMS */
export function changerOf(path: Path, aws: LocalAws): (index: number) => Promise<void> {
  const check = ({ status }: Response) => {
    if (status >= 300) throw new Error(`Expected the change to be taken, got ${status}`);
  };
  if (path.name !== 'webhook') {
    return async (index) =>
      check(await fetch(`${aws.s3.endpoint}/${bucket}/${keyOf(index)}`, { method: 'PUT', body: 'a page' }));
  }
  const sign = webhookSigners[webhookSource];
  if (sign === undefined) throw new Error(`Expected a signer for ${webhookSource}`);
  return async (index) => {
    const post = { id: `post-${index}`, slug: `post-${index}`, status: 'published', html: 'x'.repeat(5000) };
    const url = `https://www.example.com/${keyOf(index)}`;
    const unsigned = JSON.stringify({
      event: 'post.published.edited',
      post: { current: { ...post, url }, previous: {} },
    });
    const { headers, body } = sign({
      body: unsigned,
      nowMs: Date.now(),
      path: `/webhooks/${webhookSource}`,
      secret: testSecretOf(webhookSource),
      headers: { 'content-type': 'application/json' },
    });
    check(await fetch(`${aws.outputs.WebhookUrl}${webhookSource}`, { method: 'POST', headers, body }));
  };
}

/** Sixty characters, about as long as the keys of a site are. */
function keyOf(index: number): string {
  return `site/articles/2026/11/how-we-made-it-number-${String(index).padStart(7, '0')}/index.html`;
}

/** Waits until so many URLs are purged, and their messages are deleted. */
export async function untilPurged(count: number, cdnPro: CdnPro, aws: LocalAws): Promise<void> {
  const untilMs = Date.now() + 300_000;
  const sqs = new SQSClient({
    endpoint: aws.sqs.endpoint,
    region: aws.region,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    while (purgedUrls(cdnPro) < count || (await inBuffer(sqs, aws)) > 0) {
      if (Date.now() > untilMs)
        throw new Error(`Expected ${count} URLs to be purged, got ${purgedUrls(cdnPro)}`);
      await sleep(50);
    }
  } finally {
    sqs.destroy();
  }
}

function purgedUrls({ purges }: CdnPro): number {
  return new Set(purges.flatMap(({ body }) => body.fileUrls ?? [])).size;
}

async function inBuffer(sqs: SQSClient, aws: LocalAws): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: aws.outputs.BufferQueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, number) => sum + Number(number), 0);
}
