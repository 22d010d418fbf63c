import { messagesOf } from '../../buffer/enqueue-changes.ts';
import { reasonOfInvalid } from '../../buffer/invalid-urls.ts';
import type { OutgoingMessage } from '../../buffer/send-messages.ts';
import type { RuleSet } from '../../core/mapping/rule.ts';
import { type CarrierFilter, changesOfOthers } from '../../core/model/objects/object-filter.ts';
import type { ObjectChange } from '../../core/model/types.ts';
import { eventInDeadLetter } from '../../sources/s3/dead-letter-event.ts';
import { s3EventOf } from '../../sources/s3/object-event.ts';
import { readS3Event } from '../../sources/s3/read-s3-event.ts';

/** What an S3 event in the purge queue is turned into. */
export interface Recovered {
  /** Purge messages, each with its lane and delay. */
  readonly messages: readonly OutgoingMessage[];
  readonly changes: readonly ObjectChange[];
  readonly unreadable: readonly { readonly body: string; readonly reason: string }[];
}

/**
 * Reads what is in the dead letter queue next to purge messages, so that redriving works for it, too: S3 events that
 * `receive-s3` could not process, in any envelope. What came by a topic or queue passes its filter, as in `receive-s3`.
 * @returns messages with what the event's changes make stale, and its records that cannot be read or have invalid
 *   URLs, each as its own event with the reason; undefined where nothing of it is an S3 event
 */
export function recoverMessage(
  body: string,
  rules: RuleSet,
  carriers: readonly CarrierFilter[] = [],
): Recovered | undefined {
  const { changes: all, notUnderstood, messages } = readS3Event(eventInDeadLetter(body));
  if (all.length === 0) return undefined;
  const others = changesOfOthers(messages, carriers);
  const changes = all.filter((change) => !others.has(change));
  const mapped = changes.map((change) => ({ change, mapping: rules.map(change) }));
  const invalid = mapped.flatMap(({ change, mapping }) => {
    const reason = reasonOfInvalid(mapping);
    return reason === undefined ? [] : [{ body: JSON.stringify(s3EventOf(change)), reason }];
  });
  return {
    messages: messagesOf(mapped.map((each) => ({ ...each, schedule: each.mapping.schedule }))).map(
      ({ message }) => message,
    ),
    changes,
    unreadable: [...notUnderstood.map(({ text, reason }) => ({ body: text, reason })), ...invalid],
  };
}
