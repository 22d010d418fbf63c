/** Partition keys of the ledger's items, to which `infra` restricts what each function may read and write. */

/** The item with the limits. A table holds one, since a table belongs to one customer of CDN Pro. */
export const windowPartition = 'rate-window';

/** Marks that the item with the limits was written once: where that is missing, it was lost. */
export const windowUsedPartition = 'rate-window-used';

/** What the partition keys of remembered CMS entries begin with. */
export const memoryPrefix = 'memory#';

/** What the partition keys of remembered objects begin with. */
export const objectPrefix = 'object#';
