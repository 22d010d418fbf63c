import type { EdgeClient } from '../../edge/edge-client.ts';
import type { LocalObjects } from '../s3-source.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Origin } from './origin.ts';
import type { SampleReceiver } from './samples.ts';

/** The parts of the running stack that a sample needs. */
export interface LocalContext {
  /** The objects that are watched. */
  readonly objects: readonly LocalObjects[];
  readonly origin: Origin;
  /** All of them have to be fresh. */
  readonly edges: readonly EdgeClient[];
  /** Whether the timeline says when purges have finished. */
  readonly knowsFinish: boolean;
  /** Whether somebody visits the changed pages all the time. */
  readonly isVisited: boolean;
  /** How long each step of a change may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly timeline: Timeline;
  /** By the webhook's name. */
  readonly webhooks: Readonly<Record<string, SampleReceiver>>;
  readonly nowMs: () => number;
}

/** One step of a change on its way to the edge. */
export interface Step {
  readonly afterMs: number;
  readonly what: string;
  readonly lines: readonly string[];
}

/** How a sample went. */
export interface SampleResult {
  readonly title: string;
  readonly steps: readonly Step[];
  /** Why it did not reach the edge; missing where it did. */
  readonly failure?: string;
  /** Whether this configuration does not receive such a change, so that it was not tried. */
  readonly isSkipped?: true;
}
