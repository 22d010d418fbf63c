import type { OutgoingMessage, UnsentMessage } from './aws/buffer.ts';
import { referenceTo, writeMessages } from './core/message.ts';
import { textOf } from './core/plan.ts';
import type { Mapping, RuleSet } from './core/rules.ts';
import type { OriginChange, PurgeEntry } from './core/types.ts';
import type { Log } from './log.ts';

/** What enqueuing needs of the world. */
export interface EnqueuePorts {
  readonly rules: RuleSet;
  /** Puts messages into the buffer. */
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly log: Log;
}

/** What became of the changes. */
export interface Enqueued {
  /** What was put into the buffer, without duplicates of one change. */
  readonly entries: readonly PurgeEntry[];
  /** Changes of which something is not in the buffer: they have to come again. */
  readonly failed: readonly OriginChange[];
}

/**
 * Maps changes to purge entries and puts these into the buffer. Each change logs one line with its URLs, by which
 * it can be followed.
 */
export async function enqueueChanges(
  changes: readonly OriginChange[],
  { rules, send, log }: EnqueuePorts,
): Promise<Enqueued> {
  const mapped = changes.map((change) => ({ change, mapping: rules.map(change) }));
  const messages = mapped.flatMap(({ change, mapping }) =>
    writeMessages(referenceTo(change), mapping.entries).map((body) => ({ change, body })),
  );
  const unsent = messages.length === 0 ? [] : await send(messages.map(({ body }) => ({ body })));
  const failures = new Map(unsent.map(({ index, reason }) => [messages[index]?.change, reason]));
  for (const { change, mapping } of mapped) logChange(change, mapping, failures.get(change), log);
  return {
    entries: mapped.flatMap(({ change, mapping }) => (failures.has(change) ? [] : mapping.entries)),
    failed: mapped.flatMap(({ change }) => (failures.has(change) ? [change] : [])),
  };
}

function logChange(change: OriginChange, mapping: Mapping, failure: string | undefined, log: Log): void {
  const { entries, rules, problems } = mapping;
  const fields = { change: referenceTo(change), rules };
  for (const problem of problems) log.warn('a URL of a rule cannot be purged', { ...fields, problem });
  if (failure !== undefined) {
    log.error('change not queued: its event has to come again', { ...fields, reason: failure });
  } else if (rules.length === 0) {
    log.info('change matches no rule', fields);
  } else {
    log.info('change queued', { ...fields, urls: entries.map(textOf) });
  }
}
