import type { Purger } from './connect.ts';

/** About how many messages a queue holds. */
export interface QueueCounts {
  readonly visible: number;
  /** Received, and neither deleted nor returned yet. */
  readonly inFlight: number;
  readonly delayed: number;
}

/** @returns how many messages each queue holds; the inbox is empty where there is none */
export async function readQueues({ clients, queues }: Purger): Promise<{
  readonly buffer: QueueCounts;
  readonly deadLetters: QueueCounts;
  readonly inbox: QueueCounts;
}> {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs');
  const sqs = await clients.sqs();
  const read = async (QueueUrl: string | undefined): Promise<QueueCounts> => {
    if (QueueUrl === undefined) return { visible: 0, inFlight: 0, delayed: 0 };
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      visible: Number(Attributes.ApproximateNumberOfMessages),
      inFlight: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
    };
  };
  const [buffer, deadLetters, inbox] = await Promise.all([
    read(queues.buffer),
    read(queues.deadLetters),
    read(queues.inbox),
  ]);
  return { buffer, deadLetters, inbox };
}

/** @returns how many messages a queue holds in all */
export function countOf({ visible, inFlight, delayed }: QueueCounts): number {
  return visible + inFlight + delayed;
}
