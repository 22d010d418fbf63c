import type { RememberedObject, SeenObjects } from '../../functions/aws/tables/seen-objects-table.ts';

/** What is remembered of objects, in memory, as the table has it. */
export interface SeenObjectsFixture extends SeenObjects {
  /** What a step does before it works: a failure, or a wait for another. */
  before: (step: 'read' | 'write') => Promise<void> | void;
}

/** @returns a store with the table's conditional writes */
export function createSeenFixture(): SeenObjectsFixture {
  const items = new Map<string, RememberedObject>();
  const nothing: RememberedObject = { seen: undefined, version: 0 };
  const keyOf = ({ bucket, key }: { bucket: string; key: string }) => `${bucket}/${key}`;
  const fixture: SeenObjectsFixture = {
    before: () => {},
    async read(object) {
      await fixture.before('read');
      return items.get(keyOf(object)) ?? nothing;
    },
    async readAll(objects) {
      await fixture.before('read');
      return objects.map((object) => items.get(keyOf(object)) ?? nothing);
    },
    async write(object, seen, version) {
      await fixture.before('write');
      if ((items.get(keyOf(object)) ?? nothing).version !== version) return false;
      items.set(keyOf(object), { seen, version: version + 1 });
      return true;
    },
  };
  return fixture;
}
