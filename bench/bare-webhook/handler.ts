import { SQSClient } from '@aws-sdk/client-sqs';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { clientOptions } from '../../functions/aws/client-options.ts';
import { sendMessages } from '../../functions/buffer/send-messages.ts';
import { readEnvironment } from '../../functions/lambda/environment.ts';

const sqs = new SQSClient(clientOptions);
const { bufferQueueUrl } = readEnvironment('bufferQueueUrl');

/** The least that a receiver can do: it verifies nothing, maps nothing, remembers nothing, and enqueues. */
export async function handler({ body }: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { slug } = (JSON.parse(body ?? '{}') as { post: { current: { slug: string } } }).post.current;
  const url = `https://www.example.com/${slug}/`;
  const entries = [{ kind: 'file', url, target: 'production', action: 'invalidate' }];
  const unsent = await sendMessages(sqs, bufferQueueUrl, [{ body: JSON.stringify({ v: 1, entries }) }]);
  return { statusCode: unsent.length === 0 ? 202 : 503, body: JSON.stringify({ queued: entries }) };
}
