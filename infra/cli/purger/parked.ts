import type { Parked, ParkedKind, ParkedTable } from '../../../functions/aws/tables/parked-table.ts';
import type { Target } from '../../../functions/core/model/types.ts';
import type { Purger } from './connect.ts';

/** @returns the purger's table of what waits for tokens of the day */
export async function openParked({ clients, tables }: Purger): Promise<ParkedTable> {
  const { createParkedTable } = await import('../../../functions/aws/tables/parked-table.ts');
  const client = await clients.dynamodb();
  return createParkedTable({ client, tableName: tables.parked, nowMs: Date.now, random: Math.random });
}

const targets: readonly Target[] = ['production', 'staging'];
const kinds: readonly ParkedKind[] = ['files', 'dirs'];
/** More than DynamoDB reads in some seconds are not looked at. */
const most = 100_000;

/** @returns what waits for tokens and has a string in its URL, and all directories and patterns */
export async function readParkedWith(
  table: Pick<ParkedTable, 'oldest'>,
  having: string,
): Promise<readonly Parked[]> {
  const all: Parked[] = [];
  for (const target of targets) {
    for await (const item of table.oldest(target, 'files', most, having)) all.push(item);
    for await (const item of table.oldest(target, 'dirs', most)) all.push(item);
  }
  return all;
}

/** @returns all that waits for tokens: by target and kind, in the order in which it goes */
export async function readParked(table: Pick<ParkedTable, 'oldest'>): Promise<readonly Parked[]> {
  const all: Parked[] = [];
  for (const target of targets) {
    for (const kind of kinds) {
      for await (const item of table.oldest(target, kind, most)) all.push(item);
    }
  }
  return all;
}
