import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { clientOptions } from '../aws/client-options.ts';
import { putEvent as put } from '../aws/event-bus.ts';
import { eventSource } from './follow/purge-ended-event.ts';

const client = new EventBridgeClient(clientOptions);

/** Puts an event onto the account's default bus. */
export function putEvent(type: string, detail: object): Promise<void> {
  return put(client, { source: eventSource, type, detail });
}
