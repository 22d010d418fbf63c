import type { Progress } from '../../../functions/aws/journal/progress-notes.ts';
import type { Unfollowed } from '../../../functions/aws/journal/unfollowed-notes.ts';
import type { OpenPurge } from '../../../functions/aws/tables/journal-table.ts';
import type { Purger } from './connect.ts';

/** More than so many are not looked at. */
const most = 10_000;

/** @returns the purges that CDN Pro has accepted and that have not come to their end */
export async function readOpenPurges({ clients, tables }: Purger): Promise<readonly OpenPurge[]> {
  const { createJournal } = await import('../../../functions/aws/tables/journal-table.ts');
  const client = await clients.dynamodb();
  return createJournal({ client, tableName: tables.journal, nowMs: Date.now }).open(most);
}

/** @returns what CDN Pro last said of slow purges */
export async function readProgress({ clients, tables }: Purger): Promise<Progress> {
  const { createProgressNotes } = await import('../../../functions/aws/journal/progress-notes.ts');
  return createProgressNotes({ client: await clients.dynamodb(), tableName: tables.journal }).read();
}

/** @returns the purges of the last day that nobody follows; undefined where there are none */
export async function readUnfollowed({ clients, tables }: Purger): Promise<Unfollowed | undefined> {
  const { createUnfollowedNotes } = await import('../../../functions/aws/journal/unfollowed-notes.ts');
  const client = await clients.dynamodb();
  return createUnfollowedNotes({ client, tableName: tables.parked, nowMs: Date.now }).read();
}
