import type { SeenDeliveries } from '../aws/tables/deliveries-table.ts';
import { describeError, type Log } from '../lambda/log.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import type { SignedDelivery } from '../sources/webhook-source.ts';

/** What knowing a delivery again needs of the world. */
export interface SeenPorts {
  readonly deliveries: SeenDeliveries;
  readonly log: Log;
}

/** @returns whether the delivery was queued before. Where the table cannot tell, it is a new one: never throws */
export async function wasSeen(
  webhook: string,
  delivery: SignedDelivery | undefined,
  { deliveries, log }: SeenPorts,
): Promise<boolean> {
  if (delivery === undefined) return false;
  try {
    return await deliveries.has(webhook, delivery.key);
  } catch (error) {
    log.warn(webhookEvents.seenUnavailable, { webhook, error: describeError(error) });
    return false;
  }
}

/** Takes note of a delivery once all of it is in the purge queue, so that one that failed can come again. Never throws. */
export async function noteSeen(
  webhook: string,
  delivery: SignedDelivery | undefined,
  { deliveries, log }: SeenPorts,
): Promise<void> {
  if (delivery === undefined) return;
  try {
    await deliveries.add(webhook, delivery.key, delivery.untilMs);
  } catch (error) {
    log.warn(webhookEvents.seenUnavailable, { webhook, error: describeError(error) });
  }
}
