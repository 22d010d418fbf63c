/** Keys and indexes of the tables: `infra` restricts by them what each function may read and write. */

/** The item with the limits. A table holds one, since a table belongs to one customer of CDN Pro. */
export const windowPartition = 'rate-window';

/** Marks that the item with the limits was written once: where that is missing, it was lost. */
export const windowUsedPartition = 'rate-window-used';

/** What the partition keys of remembered CMS entries begin with. */
export const memoryPrefix = 'memory#';

/** What the partition keys of remembered objects begin with. */
export const objectPrefix = 'object#';

/** The index of the table of what waits for tokens, by which it is read in its order. */
export const waitingIndex = 'waiting';

/** The item of the table of what waits that says since when, by whom and why a purger is paused. */
export const pausePartition = 'pause';

/** The item of the same table that says which purges could not be written into the journal. */
export const unfollowedPartition = 'unfollowed';

/** What the partition keys of the journal's purges begin with, and those of the messages that they settle. */
export const purgePrefix = 'purge#';
export const bodyPrefix = 'body#';

/** What the partition keys of the journal's items begin with that say which URLs a purge has settled. */
export const urlsPrefix = 'urls#';

/** The item of the journal that says how far slow purges are. */
export const progressPartition = 'progress';

/** The index of the journal: under `open` the purges that are followed, under `urls#` and a day the URLs of that day's. */
export const openIndex = 'open';
