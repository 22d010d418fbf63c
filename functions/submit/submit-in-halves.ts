import { describeError } from '../lambda/log.ts';
import * as submitEvents from '../lambda/submit-events.ts';
import { splitCombined } from './messages/split-combined.ts';
import type { BufferedMessage, SubmitOptions, SubmitPorts } from './ports.ts';
import { submitBatch } from './submit-batch.ts';

/** After so many failures the messages are not at fault: what is left is delivered again. */
const mostFailures = 40;

/**
 * Submits a batch and, where that throws, each half of it, so that a message that makes it throw takes no others along.
 * @returns IDs of the messages that are not settled and have to be delivered again
 */
export async function submitInHalves(
  records: readonly BufferedMessage[],
  ports: SubmitPorts,
  options: SubmitOptions,
): Promise<readonly string[]> {
  let failures = 0;

  async function submit(part: readonly BufferedMessage[]): Promise<readonly string[]> {
    if (failures >= mostFailures || (failures > 0 && ports.nowMs() >= options.deadlineMs)) return idsOf(part);
    try {
      return await submitBatch(part, ports, options);
    } catch (error) {
      failures++;
      ports.log.error(submitEvents.batchFailed, { messages: part.length, error: describeError(error) });
      if (part.length === 1) return splitCombined(part[0], ports, options.hasTime);
      const middle = Math.ceil(part.length / 2);
      const first = await submit(part.slice(0, middle));
      return [...first, ...(await submit(part.slice(middle)))];
    }
  }

  return submit(records);
}

function idsOf(records: readonly BufferedMessage[]): readonly string[] {
  return records.map(({ messageId }) => messageId);
}
