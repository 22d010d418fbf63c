import type { LimitsTable } from '../aws/tables/limits-table.ts';
import type { ParkedTable } from '../aws/tables/parked-table.ts';
import type { TickTurns } from '../aws/tables/tick-state.ts';
import type { OutgoingMessage, UnsentMessage } from '../buffer/send-messages.ts';
import type { PreparedClient } from '../cdn-pro/client.ts';
import type { Limits } from '../core/limits/limits.ts';
import type { Planning } from '../core/planning/plan.ts';
import type { Log } from '../lambda/log.ts';
import type { Measure } from '../lambda/metrics.ts';

/** CDN Pro's API, as far as the day's tokens go. */
export type QuotaApi = Pick<PreparedClient, 'purgeTokens' | 'serviceQuotas'>;

/** The ports of a tick. */
export interface TickPorts {
  readonly parked: ParkedTable;
  readonly turns: TickTurns;
  readonly limitsTable: Pick<LimitsTable, 'read' | 'reserve' | 'answered' | 'note' | 'close'>;
  readonly cdnPro: { prepare(): Promise<QuotaApi> };
  /** Puts messages into the purge queue. */
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<readonly UnsentMessage[]>;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly measure: Measure;
}

/** Options of ticks. */
export interface TickOptions extends Required<Pick<Planning, 'convertInShortage'>> {
  /** As this deployment has them configured. */
  readonly limits: Limits;
}
