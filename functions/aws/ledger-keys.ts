/** Partition keys of the ledger's items, to which `infra` restricts what each function may read and write. */

/** The window's item. A table holds one window, since a table belongs to one CDN Pro user. */
export const windowPartition = 'rate-window';

/** What the partition keys of remembered CMS entries begin with. */
export const memoryPrefix = 'memory#';
