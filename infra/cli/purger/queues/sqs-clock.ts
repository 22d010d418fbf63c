import type { SQSClient } from '@aws-sdk/client-sqs';
import { PurgerError } from '../../../../functions/core/model/errors.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';
import type { Surroundings } from '../../command.ts';
import type { Purger } from '../connect.ts';

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

/** Clocks that differ by less are taken for the same, in milliseconds: SQS tells whole seconds, and its answer takes a while. */
const sameMs = 2000;

/**
 * Functions date what they write by AWS's clock.
 * @returns how far this machine's clock is ahead of it, in milliseconds, a second too far at most; 0 where they are the same
 */
export async function readAheadMs(
  { clients, queues }: Pick<Purger, 'clients' | 'queues'>,
  { nowMs, progress }: Pick<Surroundings, 'nowMs' | 'progress'>,
): Promise<number> {
  const endOfSecondMs = await readSqsClock(await clients.sqs(), queues.buffer);
  const aheadMs = nowMs() - endOfSecondMs;
  if (Math.abs(aheadMs) < sameMs) return 0;
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  progress(
    `this machine's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} AWS's, by which times go`,
  );
  return aheadMs + headerStepMs;
}

/** @returns the same surroundings, with another clock */
export function withClock<Given extends Pick<Surroundings, 'nowMs'>>(given: Given, aheadMs: number): Given {
  return { ...given, nowMs: () => given.nowMs() - aheadMs };
}
