import { reasonOfInvalid } from '../buffer/invalid-urls.ts';
import type { RuleSet } from '../core/mapping/rule.ts';
import { messageVersion, type PurgeMessage, referenceTo } from '../core/model/purge-message.ts';
import type { ObjectChange } from '../core/model/types.ts';
import { readS3Event, s3EventOf } from '../sources/s3.ts';
import { parseJsonText } from '../sources/toolkit/payload.ts';

/** What an S3 event in the purge queue is turned into. */
export interface Recovered {
  readonly message: PurgeMessage;
  readonly changes: readonly ObjectChange[];
  readonly unreadable: readonly { readonly body: string; readonly reason: string }[];
}

/**
 * Reads what is in the dead letter queue next to purge messages, so that redriving works for it, too: S3 events that `receive-s3` could not process, as EventBridge leaves them (the event) or Lambda (a record with
 * the event as its `requestPayload`).
 * @returns a message with what the event's changes make stale, and its records that cannot be read or have invalid
 *   URLs, each as its own event with the reason; undefined where nothing of it is an S3 event
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
export function recoverMessage(body: string, rules: RuleSet): Recovered | undefined {
  const { changes, notUnderstood } = readS3Event(eventIn(body));
  const [first] = changes;
  if (first === undefined) return undefined;
  const mapped = changes.map((change) => ({ change, mapping: rules.map(change) }));
  const invalid = mapped.flatMap(({ change, mapping }) => {
    const reason = reasonOfInvalid(mapping);
    return reason === undefined ? [] : [{ body: JSON.stringify(s3EventOf(change)), reason }];
  });
  return {
    message: {
      v: messageVersion,
      change: referenceTo(first),
      entries: mapped.flatMap(({ mapping }) => mapping.entries),
    },
    changes,
    unreadable: [...notUnderstood.map(({ text, reason }) => ({ body: text, reason })), ...invalid],
  };
}

function eventIn(body: string): unknown {
  const parsed = parseJsonText(body, 'the message');
  if (parsed.kind === 'malformed') return undefined;
  const { value } = parsed;
  const isRecord = typeof value === 'object' && value !== null && 'requestPayload' in value;
  return isRecord ? value.requestPayload : value;
}
