import type { LimitsTable } from '../aws/limits-table.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { CdnProClient } from '../cdn-pro/client.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';
import type { Recovered } from './recover-s3-event.ts';

/** A message as it came out of the purge queue. */
export interface BufferedMessage {
  readonly messageId: string;
  readonly body: string;
}

/** The ports of submitting. */
export interface SubmitPorts {
  readonly limitsTable: LimitsTable;
  readonly cdnPro: CdnProClient;
  /** Makes the client fetch its credentials again. */
  readonly forgetCredentials: () => void;
  /** Puts messages back into the purge queue. */
  readonly requeue: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Makes a purge message of a message that is not one; undefined where it cannot. */
  readonly recover: (body: string) => Recovered | undefined;
  /** Keeps a limit that CDN Pro has shown, for batches to come. */
  readonly learn: (limits: Pick<RequestLimits, 'maxFileUrls'>) => void;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly log: Log;
  readonly measure: Measure;
}

/** Options of submitting a batch. */
export interface SubmitOptions {
  readonly limits: RequestLimits;
  /** When to stop sending and requeue what is left, in milliseconds. */
  readonly deadlineMs: number;
}
