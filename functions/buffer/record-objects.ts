import pMap from 'p-map';
import type { RememberedObject, SeenObjects } from '../aws/tables/seen-objects-table.ts';
import { PurgerError } from '../core/model/errors.ts';
import { groupBy } from '../core/model/group-by.ts';
import { isNoNewer, type ObjectChanges, seenAfter } from '../core/model/objects/seen-object.ts';
import type { ObjectChange } from '../core/model/types.ts';

/** Others wrote of an object between each read and write, more often than any burst makes likely. */
class ObjectContentionError extends PurgerError {
  override readonly name = 'ObjectContentionError';
}

/** So many times others may write of the same object at the same time. */
const mostLostRaces = 10;
const concurrency = 32;

/**
 * Records that changes of an object are accounted for.
 * @param rulesKey of the rules that they were purged by
 * @param known what was remembered of the object before they were purged; read where it is missing
 * @returns whether nobody else has recorded anything of the object since then, or nothing newer where it was not read:
 *   they may have left out a put that the purge was too early for
 * @throws what the table throws
 */
export async function recordObject(
  changes: ObjectChanges,
  rulesKey: string,
  seen: SeenObjects,
  known?: RememberedObject,
): Promise<boolean> {
  const [object] = changes;
  let remembered = known ?? (await seen.read(object));
  for (let lost = 0; lost < mostLostRaces; lost++) {
    const next = seenAfter(remembered.seen, changes, rulesKey);
    if (next === undefined || (await seen.write(object, next, remembered.version))) {
      return lost === 0 && (known !== undefined || isNoNewer(remembered.seen, changes));
    }
    remembered = await seen.read(object);
  }
  throw new ObjectContentionError(`Lost ${mostLostRaces} races for one object`);
}

/**
 * Records that something else purges changes of objects, so that nothing counts as what was purged last.
 * @throws what the table throws
 */
export async function forgetObjects(changes: readonly ObjectChange[], seen: SeenObjects): Promise<void> {
  const unknown = changes.map(({ content: _, ...change }) => change);
  const byObject = groupBy(unknown, ({ id }) => id);
  await pMap(byObject.values(), (group) => recordObject(group, '', seen), { concurrency });
}
