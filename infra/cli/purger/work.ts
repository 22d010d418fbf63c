import type { OpenPurge } from '../../../functions/aws/tables/journal-table.ts';
import type { Parked } from '../../../functions/aws/tables/parked-table.ts';
import type { Purger } from './connect.ts';
import { readOpenPurges } from './journal.ts';
import { openParked, readParked } from './parked.ts';
import { countOf, type QueueCounts, readQueues } from './queues/queues.ts';

/** Everything that is under way or has failed. */
export interface Work {
  readonly queues: Readonly<Record<'buffer' | 'deadLetters' | 'inbox', QueueCounts>>;
  readonly parked: readonly Parked[];
  /** What CDN Pro has accepted and not finished. */
  readonly open: readonly OpenPurge[];
}

/**
 * Looks where changes can be, in the order in which they go. A repair goes back, and may so be seen nowhere: that there is
 * nothing is said only after a second look.
 * @returns all that is under way or has failed
 */
export async function readWork(purger: Purger): Promise<Work> {
  const first = await look(purger);
  return isEmpty(first) ? look(purger) : first;
}

async function look(purger: Purger): Promise<Work> {
  const queues = await readQueues(purger);
  const parked = await readParked(await openParked(purger));
  return { queues, parked, open: await readOpenPurges(purger) };
}

function isEmpty({ queues, parked, open }: Work): boolean {
  return Object.values(queues).every((each) => countOf(each) === 0) && parked.length + open.length === 0;
}
