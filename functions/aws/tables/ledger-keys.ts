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

/** What the partition keys of the journal's purges begin with, and those of the messages that they settle. */
export const purgePrefix = 'purge#';
export const bodyPrefix = 'body#';

/** The index of the journal by which the purges are read that are followed. */
export const openIndex = 'open';
