import type { ObjectChange } from '../../core/model/types.ts';
import type { Malformed } from '../webhook-source.ts';

const maxNameLength = 100;

/** A part of an event that led to no change. */
export interface S3Remark {
  /** What it was: the event's name (`ObjectRestore:Post`), else the envelope's (`aws:sqs`). */
  readonly name: string;
  readonly reason: string;
  /** The SQS message that it came in, if it came by SQS. */
  readonly messageId?: string;
}

/** A part of an event that cannot be read. */
export interface S3Unreadable extends S3Remark {
  /**
   * The part as a separate event, so that it can be kept and read again: JSON, or the string that is not JSON. What came
   * by SQS is inside its envelopes: who wrote it may have written a purge message.
   */
  readonly text: string;
}

/** What one SQS message said. */
interface S3MessageReading {
  readonly messageId: string;
  /**
   * The ARNs of its queue and of the topic that sent it there, as far as there are any. AWS writes both: what a
   * publisher puts into a message does not count.
   */
  readonly path: readonly string[];
  readonly changes: readonly ObjectChange[];
  readonly ignored: readonly S3Remark[];
  readonly notUnderstood: readonly S3Unreadable[];
}

/** What an event of any envelope said, all in all, and for SQS also message by message. */
export interface S3Reading {
  readonly changes: readonly ObjectChange[];
  /** Understood, and nothing to purge: test events, restores, tags, and events that S3 may add later. */
  readonly ignored: readonly S3Remark[];
  /** To be logged by name and kept; the records next to it are in `changes` all the same. */
  readonly notUnderstood: readonly S3Unreadable[];
  /** One for each SQS message, so that only those that fail go back to the queue; empty for other envelopes. */
  readonly messages: readonly S3MessageReading[];
}

/** A reading that is being made. */
export interface Findings {
  readonly changes: ObjectChange[];
  readonly ignored: S3Remark[];
  readonly notUnderstood: S3Unreadable[];
  readonly messages: S3MessageReading[];
}

/** @returns a reading of nothing, to be added to */
export function noFindings(): Findings {
  return { changes: [], ignored: [], notUnderstood: [], messages: [] };
}

/**
 * @param part that cannot be read: a document, or the string that is not one
 * @returns the part, so that it can be kept and read again
 */
export function unreadable(name: string, { message }: Malformed, part: unknown): S3Unreadable {
  const text = typeof part === 'string' ? part : (JSON.stringify(part) ?? '');
  return { name: clip(name), reason: message, text };
}

/** @returns a name of the sender's, short enough for a log */
export function clip(name: string): string {
  return name.slice(0, maxNameLength);
}
