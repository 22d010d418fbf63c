import type { Purger } from '../connect.ts';

/** About how many messages a queue holds. */
export interface QueueCounts {
  readonly visible: number;
  /** Received, and neither deleted nor returned yet. */
  readonly inFlight: number;
  readonly delayed: number;
}

/**
 * Reads the queues in the order in which a change goes through them: one that moves on meanwhile is seen in a later one.
 * @returns how many messages each holds; the inbox counts all queues before `receive-s3`
 */
export async function readQueues({ clients, queues }: Purger): Promise<{
  readonly buffer: QueueCounts;
  readonly deadLetters: QueueCounts;
  readonly inbox: QueueCounts;
}> {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs');
  const sqs = await clients.sqs();
  const read = async (QueueUrl: string): Promise<QueueCounts> => {
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
  const received = await Promise.all([...(queues.watched ?? []), queues.inbox ?? []].flat().map(read));
  const buffer = await read(queues.buffer);
  const deadLetters = await read(queues.deadLetters);
  return { buffer, deadLetters, inbox: received.reduce(sumOf, { visible: 0, inFlight: 0, delayed: 0 }) };
}

function sumOf(a: QueueCounts, b: QueueCounts): QueueCounts {
  return {
    visible: a.visible + b.visible,
    inFlight: a.inFlight + b.inFlight,
    delayed: a.delayed + b.delayed,
  };
}

/** @returns how many messages a queue holds in all */
export function countOf({ visible, inFlight, delayed }: QueueCounts): number {
  return visible + inFlight + delayed;
}
