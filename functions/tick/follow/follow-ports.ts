import type { Journal } from '../../aws/tables/journal-table.ts';
import type { PurgeReader } from '../../cdn-pro/client.ts';
import type { TickOptions, TickPorts } from '../ports.ts';

/** The ports of following purges. */
export interface FollowPorts extends Pick<TickPorts, 'limitsTable' | 'send' | 'nowMs' | 'log' | 'measure'> {
  readonly journal: Omit<Journal, 'record'>;
  readonly cdnPro: { prepare(): Promise<PurgeReader> };
  /** Puts messages into the dead letter queue. */
  readonly reject: TickPorts['send'];
  /** Puts an event onto the account's default bus. */
  readonly putEvent: (type: string, detail: object) => Promise<void>;
  /** The purger's name. */
  readonly purger: string;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Options of following purges. */
export type FollowOptions = Pick<TickOptions, 'limits'>;
