import type { ProgressNotes } from '../../aws/journal/progress-notes.ts';
import type { UnfollowedNotes } from '../../aws/journal/unfollowed-notes.ts';
import type { UrlSearch } from '../../aws/journal/url-search.ts';
import type { Journal } from '../../aws/tables/journal-table.ts';
import type { PurgeReader } from '../../cdn-pro/client.ts';
import type { ProbeRequest, ProbeResponse } from '../../core/proving/probe.ts';
import type { Vantages } from '../../core/proving/vantages.ts';
import type { TickOptions, TickPorts } from '../ports.ts';

/** How the edge is asked. */
export interface Probing {
  readonly vantages: Vantages;
  /** Invokes the function that probes. */
  probe(request: ProbeRequest): Promise<ProbeResponse>;
}

/** The ports of following purges. */
export interface FollowPorts extends Pick<TickPorts, 'limitsTable' | 'send' | 'nowMs' | 'log' | 'measure'> {
  readonly journal: Omit<Journal, 'record'>;
  /** Finds purges by their URLs, those that have ended, too. */
  readonly search: UrlSearch;
  readonly progress: ProgressNotes;
  readonly unfollowed: Pick<UnfollowedNotes, 'read'>;
  readonly cdnPro: { prepare(): Promise<PurgeReader> };
  /** Puts messages into the dead letter queue. */
  readonly reject: TickPorts['send'];
  /** Puts an event onto the account's default bus. */
  readonly putEvent: (type: string, detail: object) => Promise<void>;
  /** Missing where nothing is probed. */
  readonly probing?: Probing;
  /** The purger's name. */
  readonly purger: string;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Options of following purges. */
export type FollowOptions = Pick<TickOptions, 'limits'>;
