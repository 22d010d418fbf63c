/** A value as DynamoDB has it on the wire. */
interface Value {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
  readonly M?: Item;
  readonly L?: readonly Value[];
}

type Item = Readonly<Record<string, Value>>;

/** What a table with an index has taken, item by item. */
export interface UnitMeter {
  put(pk: string, item: Item): void;
  readonly units: () => number;
}

/**
 * @returns a meter of the write units of a table and its index over `queue` and `order`, which has whole items: 1 KB each,
 *   of the larger of an item before and after
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
export function createUnitMeter(): UnitMeter {
  const items = new Map<string, Item>();
  let units = 0;
  return {
    put(pk, item) {
      const old = items.get(pk);
      items.set(pk, item);
      units += unitsOf(Math.max(sizeOf(item), old === undefined ? 0 : sizeOf(old)));
      const before = old && inIndex(old);
      const after = inIndex(item);
      if (before !== undefined && before === after)
        units += unitsOf(Math.max(sizeOf(item), sizeOf(old ?? item)));
      else {
        if (before !== undefined && old !== undefined) units += unitsOf(sizeOf(old));
        if (after !== undefined) units += unitsOf(sizeOf(item));
      }
    },
    units: () => units,
  };
}

function inIndex({ queue, order }: Item): string | undefined {
  return queue === undefined ? undefined : `${queue.S} ${order?.S}`;
}

function unitsOf(bytes: number): number {
  return Math.ceil(bytes / 1024);
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
export function sizeOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value),
    0,
  );
}

function bytesOf(value: Value): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 1;
  if (value.B !== undefined) return value.B.length;
  if (value.M !== undefined) return 3 + Object.keys(value.M).length + sizeOf(value.M);
  if (value.L !== undefined) return 3 + value.L.reduce((sum, each) => sum + 1 + bytesOf(each), 0);
  return 1;
}
