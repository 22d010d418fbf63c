import type { PurgeRecorder } from '../aws/journal/purge-recorder.ts';
import type { UnfollowedNotes } from '../aws/journal/unfollowed-notes.ts';
import type { UrlIndex } from '../aws/journal/url-index.ts';
import type { LimitsTable } from '../aws/tables/limits-table.ts';
import type { ParkedTable } from '../aws/tables/parked-table.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { CdnProClient } from '../cdn-pro/client.ts';
import type { Limits } from '../core/limits/limits.ts';
import type { ObjectChange } from '../core/model/types.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import type { Evidence } from '../core/planning/refusals/evidence.ts';
import type { LearnedLimits } from '../core/planning/refusals/learned-limits.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';
import type { Recovered } from './messages/recover-s3-event.ts';

/** A message as it came out of the purge queue. */
export interface BufferedMessage {
  readonly messageId: string;
  readonly body: string;
  /** How often it was delivered before, this time included, in SQS's words. */
  readonly attributes?: { readonly ApproximateReceiveCount?: string };
}

/** The ports of submitting. */
export interface SubmitPorts {
  readonly limitsTable: LimitsTable;
  readonly cdnPro: CdnProClient;
  /** Makes the client fetch its credentials again. */
  readonly forgetCredentials: () => void;
  /**
   * Puts messages back into the purge queue.
   * @param hasTime where it is false, no further messages are sent
   */
  readonly requeue: (
    messages: readonly OutgoingMessage[],
    hasTime: () => boolean,
  ) => Promise<readonly UnsentMessage[]>;
  /** Has entries wait for tokens of the day. */
  readonly park: ParkedTable['park'];
  /** Finds what waits of entries that were purged. */
  readonly findPurged: ParkedTable['findPurged'];
  /** Has it wait no longer. */
  readonly removeParked: ParkedTable['remove'];
  readonly journal: PurgeRecorder;
  /** Writes down which URLs a purge has settled, so that it is found by them. */
  readonly indexUrls: UrlIndex['add'];
  /** Notes that a purge could not be written into the journal. */
  readonly noteUnfollowed: UnfollowedNotes['add'];
  /** Puts messages into the dead letter queue. */
  readonly reject: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  /** Makes purge messages of a message that is not one; undefined where it cannot. */
  readonly recover: (body: string) => Promise<Recovered | undefined>;
  /** Has `receive-s3` know that changes were recovered, so that it does not take what they purge for purged last. */
  readonly noteRecovered: (changes: readonly ObjectChange[]) => Promise<void>;
  /** What CDN Pro's answers have shown lately. */
  readonly evidence: Evidence;
  readonly learnedLimits: LearnedLimits;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** A number from 0 (included) to 1 (excluded). */
  readonly random: () => number;
  readonly log: Log;
  readonly measure: Measure;
}

/** Options of submitting a batch. */
export interface SubmitOptions {
  /** What a purge request holds. */
  readonly limits: RequestLimits;
  /** The limits of CDN Pro's contract, as they are configured. */
  readonly contract: Limits;
  /** When to stop sending and requeue what is left, in milliseconds. */
  readonly deadlineMs: number;
  /**
   * Whether there is time to requeue more. What is not requeued is delivered again.
   * @default always
   */
  readonly hasTime?: () => boolean;
}
