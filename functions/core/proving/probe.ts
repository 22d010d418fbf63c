import type { Header, Shows, Target } from '../model/types.ts';

/** Probes hurt nobody: a host is asked so often at most, in milliseconds. */
export const askedEveryMs = 1000;
/** Who answers later is not waited for, in milliseconds. */
export const longestAnswerMs = 5000;

/** A request to the edge that compares what it serves with what a file has to show. */
export interface Probe {
  readonly target: Target;
  readonly url: string;
  readonly headers?: readonly Header[];
  readonly shows: Shows;
}

/** What the function that probes is invoked with. */
export interface ProbeRequest {
  readonly probes: readonly Probe[];
  /** How long it has, in milliseconds; what was not asked by then is unproven. */
  readonly withinMs: number;
}

/** What one server has answered. */
export interface Seen {
  /** The vantage point: see {@link import('./vantages.ts').Vantages}. */
  readonly from: string;
  /** The address that was asked; missing where none was. */
  readonly address?: string;
  readonly status?: number;
  readonly etag?: string;
  readonly lastModified?: string;
  readonly age?: string;
  /** Where a redirect leads. */
  readonly location?: string;
  readonly via?: string;
  /** It shows a version from before the change. */
  readonly isOld?: true;
  /** Whether a cache has answered, where it says so. */
  readonly cacheStatus?: string;
}

/** What came of one probe at all vantage points together. */
export interface Verdict {
  /**
   * `proven`: each of them shows the new version. `stale`: one of them shows a version from before the change.
   * `unproven`: whatever else; it is no reason to purge again.
   */
  readonly kind: 'proven' | 'stale' | 'unproven';
  /** Why it is not proven, in a few words. */
  readonly reason?: string;
  /** What was seen at each vantage point, in the order in which they are configured. */
  readonly seen: readonly Seen[];
}

/** What the function that probes answers: a verdict for each probe, in their order. */
export interface ProbeResponse {
  readonly verdicts: readonly Verdict[];
}
