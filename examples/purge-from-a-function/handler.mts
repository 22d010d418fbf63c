// A Lambda function that has pages purged. Its stack calls purger.grantPurge(fn), and sets PURGE_QUEUE_URL to
// purger.bufferQueue.queueUrl.
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { purgeMessages } from 'cdn-pro-purger/purge-messages';

const sqs = new SQSClient({});

export async function handler({ slugs }: { readonly slugs: readonly string[] }): Promise<void> {
  const bodies = purgeMessages({
    target: 'production',
    fileUrls: slugs.map((slug) => `https://www.example.com/products/${encodeURIComponent(slug)}`),
  });
  for (const MessageBody of bodies) {
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.PURGE_QUEUE_URL, MessageBody }));
  }
}
