import type { Ledger } from '../aws/rate-limit-table.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { CdnProClient } from '../cdn-pro/client.ts';
import type { PurgeMessage } from '../core/model/purge-message.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';
import type { Recovered } from './recover-s3-event.ts';

/** A message as it came out of the buffer. */
export interface BufferedMessage {
  readonly messageId: string;
  readonly body: string;
}

/** What submitting needs of the world. */
export interface SubmitPorts {
  readonly ledger: Ledger;
  readonly cdnPro: CdnProClient;
  /** Makes the client fetch its credentials again. */
  readonly forgetCredentials: () => void;
  /** Puts messages back into the buffer. */
  readonly requeue: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Reads a message that is no purge message and can be made one; undefined where it cannot. */
  readonly recover: (body: string) => Recovered | undefined;
  /** Takes note of a limit that CDN Pro has shown, for batches to come. */
  readonly learn: (limits: Pick<RequestLimits, 'maxFileUrls'>) => void;
  /** How many messages wait in the buffer, about. */
  readonly backlog: () => Promise<number>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly log: Log;
  readonly measure: Measure;
}

/** How far submitting may go. */
export interface SubmitOptions {
  readonly limits: RequestLimits;
  /** Coalesce only as far as everything that waits could not be purged otherwise by this many requests. */
  readonly coalesceAbove?: number;
  /** When to stop sending and give back what is left, in milliseconds. */
  readonly deadlineMs: number;
}

/** The messages in hand. */
export interface Batch {
  readonly messages: readonly { readonly messageId: string; readonly message: PurgeMessage }[];
  /** IDs of messages that have to be delivered again. */
  readonly failed: Set<string>;
}
