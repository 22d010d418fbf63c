import { messageVersion, type PurgeMessage, referenceTo } from '../core/message.ts';
import type { RuleSet } from '../core/rules.ts';
import { readS3Event } from '../sources/s3.ts';

/**
 * Reads what is in the dead letter queue beside purge messages, so that moving it back into the buffer works for it,
 * too: S3 events that `receive-s3` could not process, as EventBridge leaves them (the event) or Lambda (a record with
 * the event as its `requestPayload`).
 * @returns a message with what the event's changes make stale; undefined where it is no S3 event
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function recoverMessage(body: string, rules: RuleSet): PurgeMessage | undefined {
  const { changes } = readS3Event(eventIn(body));
  const [first] = changes;
  if (first === undefined) return undefined;
  const entries = changes.flatMap((change) => rules.map(change).entries);
  return { v: messageVersion, change: referenceTo(first), entries };
}

function eventIn(body: string): unknown {
  try {
    const json: unknown = JSON.parse(body);
    const isRecord = typeof json === 'object' && json !== null && 'requestPayload' in json;
    return isRecord ? json.requestPayload : json;
  } catch {
    return undefined;
  }
}
