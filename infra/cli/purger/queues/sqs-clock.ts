import type { SQSClient } from '@aws-sdk/client-sqs';
import { PurgerError } from '../../../../functions/core/model/errors.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';

/** SQS did not say what time it is. */
export class ClockError extends PurgerError {
  override readonly name = 'ClockError';
}

/** The header `Date` has whole seconds. */
const headerStepMs = 1000;

/**
 * Asks SQS for the time: it stamps messages by its own clock, and the clock of this machine may be wrong.
 * @returns the end of the second in which it answers, in milliseconds
 */
export async function readSqsClock(sqs: SQSClient, QueueUrl: string): Promise<number> {
  const { GetQueueAttributesCommand } = await import('@aws-sdk/client-sqs');
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] });
  let date: unknown;
  command.middlewareStack.add(
    (next) => async (args) => {
      const answered = await next(args);
      date = recordOf(recordOf(answered.response)?.headers)?.date;
      return answered;
    },
    { step: 'deserialize', name: 'readDate' },
  );
  await sqs.send(command);
  const ms = Date.parse(String(date));
  if (Number.isNaN(ms)) throw new ClockError(`Expected SQS to answer with the header Date, got ${date}`);
  return ms + headerStepMs - 1;
}
