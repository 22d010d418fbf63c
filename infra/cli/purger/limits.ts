import type { LimitsTable } from '../../../functions/aws/tables/limits-table.ts';
import { requestTimeoutMs } from '../../../functions/cdn-pro/client.ts';
import type { Purger } from './connect.ts';

/** The most that this machine's clock is taken to differ from the functions'. */
const clockDifferenceMs = 2_000;

/** @returns the purger's limits, as its functions keep them */
export async function openLimits({ clients, tables, queues, limits }: Purger): Promise<LimitsTable> {
  const { createLimitsTable, slowestWriteMs } = await import('../../../functions/aws/tables/limits-table.ts');
  const region = tables.ledger.startsWith('arn:') ? tables.ledger.split(':')[3] : undefined;
  return createLimitsTable({
    client: await clients.dynamodb(region),
    tableName: tables.ledger,
    deployment: queues.buffer,
    limits,
    guardMs: slowestWriteMs + requestTimeoutMs + clockDifferenceMs,
    clockDifferenceMs,
    nowMs: Date.now,
  });
}
