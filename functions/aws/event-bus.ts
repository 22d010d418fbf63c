import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PurgerError } from '../core/model/errors.ts';

/** EventBridge has not taken an event. */
export class EventNotTakenError extends PurgerError {
  override readonly name = 'EventNotTakenError';
}

/**
 * Puts an event onto the account's default bus.
 * @throws EventNotTakenError, and what EventBridge throws
 */
export async function putEvent(
  client: EventBridgeClient,
  { source, type, detail }: { readonly source: string; readonly type: string; readonly detail: object },
): Promise<void> {
  const entry = { Source: source, DetailType: type, Detail: JSON.stringify(detail) };
  const { Entries = [] } = await client.send(new PutEventsCommand({ Entries: [entry] }));
  const [{ ErrorCode, ErrorMessage } = {}] = Entries;
  if (ErrorCode === undefined) return;
  throw new EventNotTakenError(`Expected EventBridge to take the event, got ${ErrorCode}: ${ErrorMessage}`);
}
