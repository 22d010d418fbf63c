import { priceOf } from '../core/limits/price.ts';
import { bodyOf, type PlannedRequest } from '../core/planning/planned-request.ts';
import { describeError } from '../lambda/log.ts';
import { submitEvents } from '../lambda/log-events.ts';
import { laneOf } from './batch.ts';
import type { SendContext } from './handle-answer.ts';
import { entriesByMessage } from './return-messages.ts';

/** Writes an accepted purge into the journal, from where `tick` follows it. Where that fails, it is accepted all the same. */
export async function recordPurge(
  purgeId: string,
  request: PlannedRequest,
  { batch, ports: { journal, log, measure, nowMs } }: Pick<SendContext, 'batch' | 'ports'>,
): Promise<void> {
  const messages = [...entriesByMessage([request])].flatMap(([index, entries]) => {
    const message = batch.messages[index]?.message;
    return message === undefined ? [] : [{ ...message, entries }];
  });
  try {
    await journal.record({
      purgeId,
      target: bodyOf(request).target,
      lane: laneOf(request, batch),
      acceptedMs: nowMs(),
      urls: priceOf(
        request.entries.map(({ entry }) => entry),
        'url',
      ),
      repair: Math.max(0, ...messages.map(({ repair = 0 }) => repair)),
      messages,
    });
  } catch (error) {
    measure('PurgesUnfollowed', 1);
    log.error(submitEvents.purgeNotRecorded, { purgeId, error: describeError(error) });
  }
}
