/** What S3 may have put into the order of one object's changes. */
export interface Sequenced {
  /** The object's: `s3://bucket/key`. */
  readonly id: string;
  /** S3's order of the events of one key. Missing: the item has no place in the order. */
  readonly sequencer?: string;
}

/**
 * Compares S3's sequencers of one key: hexadecimal, the shorter padded on the right with zeros.
 * @returns less than 0 where `a` is older, 0 where they are the same
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
export function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const [left, right] = [a, b].map((each) => each.toLowerCase().padEnd(length, '0'));
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}

/** @returns the newest item of each object, by the object's id; items without a sequencer are left out */
export function newestById<Item extends Sequenced>(items: Iterable<Item>): ReadonlyMap<string, Item> {
  const newest = new Map<string, Item>();
  for (const item of items) {
    if (item.sequencer === undefined) continue;
    const known = newest.get(item.id);
    const isNewer = known?.sequencer === undefined || compareSequencers(item.sequencer, known.sequencer) > 0;
    if (isNewer) newest.set(item.id, item);
  }
  return newest;
}
