/** What the page shows: sent to the browser as it is, so that it has neither functions nor classes. Times in milliseconds. */
export interface PageView {
  readonly title: string;
  /** Missing until the purger was asked for the first time. */
  readonly overview?: Overview;
  /** The newest first. */
  readonly changes: readonly ChangeView[];
  readonly purges: readonly PurgeView[];
  readonly problems: readonly ProblemView[];
  readonly deadLetters: readonly DeadLetterView[];
  readonly pages: readonly PageAtServers[];
  readonly actions: readonly ActionView[];
}

/** Whether anything waits or has failed, as `cdn-purger status` says it. */
export interface Overview {
  readonly fresh: boolean;
  readonly why: readonly string[];
  /** Messages in queues. */
  readonly queued: number;
  /** Parked URLs. */
  readonly parked: number;
  /** Some of them, those that wait longest first. */
  readonly waiting: readonly { readonly url: string; readonly lane: string; readonly sinceMs: number }[];
  /** Purges that CDN Pro has accepted and not finished. */
  readonly open: number;
  readonly deadLetters: number;
  readonly budgets: readonly Budget[];
}

/** What is left of a limit. */
export interface Budget {
  readonly name: string;
  readonly left: number;
  readonly of: number;
  /** What it is, in a few words. */
  readonly note: string;
}

/** How far a change is. */
export type ChangeStage = 'ignored' | 'waiting' | 'purging' | 'completed' | 'fresh' | 'failed';

/** A change that came in. */
export interface ChangeView {
  readonly id: string;
  readonly atMs: number;
  readonly action: string;
  readonly stage: ChangeStage;
  /** Why nothing is purged. */
  readonly reason?: string;
  /** The first of the URLs. */
  readonly urls: readonly string[];
  readonly urlCount: number;
  /** How many of them wait. */
  readonly waiting: number;
}

/**
 * How far a purge is: CDN Pro has accepted it, its servers had the time to obey, or how it has ended, as `tick` says.
 */
export type PurgeStage = 'accepted' | 'finished' | 'completed' | 'fresh' | 'superseded' | 'failed';

/** A purge request that CDN Pro has accepted. */
export interface PurgeView {
  readonly id: string;
  readonly atMs: number;
  readonly stage: PurgeStage;
  readonly action: string;
  /** The first of its URLs and patterns. */
  readonly urls: readonly string[];
  readonly urlCount: number;
  /** What was proven, or that it was purged again, and why. */
  readonly note?: string;
}

/** Something that went wrong, as often as it did. */
export interface ProblemView {
  readonly message: string;
  readonly atMs: number;
  readonly count: number;
}

/** Dead letters with one reason. */
export interface DeadLetterView {
  readonly reason: string;
  readonly count: number;
  readonly urls: readonly string[];
}

/**
 * What a server would show at a URL: what the origin has; something older; what it asks for again, since a purge has
 * flagged what it keeps; or it keeps nothing.
 */
export type ServerState = 'fresh' | 'stale' | 'purged' | 'empty';

/** What the servers keep for a URL. */
export interface PageAtServers {
  readonly url: string;
  readonly servers: readonly { readonly name: string; readonly state: ServerState }[];
}

/** What a button does. */
export interface ActionView {
  readonly name: string;
  readonly label: string;
  readonly what: string;
  /** Why it cannot be done now. */
  readonly unavailable?: string;
}
