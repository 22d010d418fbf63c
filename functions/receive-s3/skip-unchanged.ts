import pMap from 'p-map';
import type { RememberedObject, SeenObjects } from '../aws/tables/seen-objects-table.ts';
import { recordObject } from '../buffer/record-objects.ts';
import type { RuleSet } from '../core/mapping/rule.ts';
import { groupBy } from '../core/model/group-by.ts';
import { matchesFilter, type ObjectFilter } from '../core/model/objects/object-filter.ts';
import { isUnchanged, type ObjectChanges, seenAfter } from '../core/model/objects/seen-object.ts';
import { referenceTo } from '../core/model/purge-message.ts';
import type { ObjectChange, OriginChange } from '../core/model/types.ts';
import { describeError, type Log } from '../lambda/log.ts';
import { s3Events } from '../lambda/log-events.ts';
import type { Measure } from '../lambda/metrics.ts';

/** Which puts are left out where nothing changed, and what they are compared with. */
export interface SkipUnchanged {
  readonly objects: readonly ObjectFilter[];
  readonly seen: SeenObjects;
  /** Differs where the rules do. */
  readonly rulesKey: string;
}

/** What leaving out puts needs of the world. */
export interface SkipPorts {
  readonly rules: RuleSet;
  readonly log: Log;
  readonly measure: Measure;
}

/** Changes, less those that tell of nothing new. */
export interface ChangesToPurge {
  readonly changes: readonly ObjectChange[];
  /**
   * Records what was purged: to be called once the changes are in the purge queue, or the dead letter queue.
   * @param failed changes that are not
   */
  readonly record: (failed: readonly OriginChange[]) => Promise<RecordedChanges>;
}

/** What became of recording changes. */
export interface RecordedChanges {
  /** Changes that could not be recorded: their events have to be delivered again. */
  readonly failed: readonly ObjectChange[];
  /**
   * Changes to purge again: while they were purged, others have recorded something of their objects, and may have left
   * out a newer put since what it was compared with did not have these changes yet.
   */
  readonly contended: readonly ObjectChange[];
}

const concurrency = 64;
/** One read that fails leaves so many objects unknown. */
const objectsPerRead = 100;
const concurrentReads = 8;

/**
 * Leaves out puts of objects whose content is the one that was purged last. In doubt, a put is purged: visitors may have
 * cached what was there between two events, so that each event has to be accounted for, in S3's order.
 */
export async function withoutUnchanged(
  changes: readonly ObjectChange[],
  skip: SkipUnchanged | undefined,
  ports: SkipPorts,
): Promise<ChangesToPurge> {
  const remembered = changes.filter((change) => skip !== undefined && matchesFilter(change, skip.objects));
  if (skip === undefined || remembered.length === 0) {
    return { changes, record: async () => ({ failed: [], contended: [] }) };
  }
  const known = await readKnown([...groupBy(remembered, ({ id }) => id).values()], skip, ports);
  const skipped = new Set(
    await pMap(known, (each) => skipObject(each, skip), { concurrency }).then((all) => all.flat()),
  );
  for (const change of skipped) ports.log.info(s3Events.changeUnchanged, { change: referenceTo(change) });
  if (skipped.size > 0) ports.measure('ChangesUnchanged', skipped.size);
  const purged = known.filter((each) => !skipped.has(each.changes[0]) && isRecorded(each, ports));
  return {
    changes: changes.filter((change) => !skipped.has(change)),
    record: (failed) => recordAll(purged, new Set(failed), skip, ports),
  };
}

/** An object, its changes, and what is remembered of it; undefined where that could not be read. */
interface KnownObject {
  readonly changes: ObjectChanges;
  readonly remembered: RememberedObject | undefined;
}

/**
 * A delete is recorded whether or not a rule purges it: a put after it has to be purged. So is what no rule purges of an
 * object that is remembered: other rules have purged it, and may be back with the next put.
 */
function isRecorded({ changes: [change], remembered }: KnownObject, { rules }: SkipPorts): boolean {
  const mayBeKnown = remembered === undefined || remembered.seen !== undefined;
  return mayBeKnown || rules.map({ ...change, action: 'put' }).entries.length > 0;
}

async function readKnown(
  objects: readonly ObjectChanges[],
  skip: SkipUnchanged,
  ports: SkipPorts,
): Promise<readonly KnownObject[]> {
  const starts = Array.from(
    { length: Math.ceil(objects.length / objectsPerRead) },
    (_, n) => n * objectsPerRead,
  );
  const readAt = (start: number) => readSome(objects.slice(start, start + objectsPerRead), skip, ports);
  return (await pMap(starts, readAt, { concurrency: concurrentReads })).flat();
}

async function readSome(
  objects: readonly ObjectChanges[],
  { seen }: SkipUnchanged,
  { log }: SkipPorts,
): Promise<readonly KnownObject[]> {
  try {
    const remembered = await seen.readAll(objects.map(([change]) => change));
    return objects.map((changes, index) => ({ changes, remembered: remembered[index] }));
  } catch (error) {
    log.warn(s3Events.objectsUnknown, { objects: objects.length, error: describeError(error) });
    return objects.map((changes) => ({ changes, remembered: undefined }));
  }
}

/** @returns the changes of an object if they are left out, having recorded that they came; none where in doubt */
async function skipObject(
  { changes, remembered }: KnownObject,
  { seen, rulesKey }: SkipUnchanged,
): Promise<readonly ObjectChange[]> {
  if (remembered === undefined || !isUnchanged(remembered.seen, changes, rulesKey)) return [];
  const next = seenAfter(remembered.seen, changes, rulesKey);
  if (next === undefined) return changes;
  const isRecorded = await seen.write(changes[0], next, remembered.version).catch(() => false);
  return isRecorded ? changes : [];
}

async function recordAll(
  purged: readonly KnownObject[],
  failed: ReadonlySet<OriginChange>,
  skip: SkipUnchanged,
  { log }: SkipPorts,
): Promise<RecordedChanges> {
  const queued = purged.filter(({ changes }) => !changes.some((change) => failed.has(change)));
  const notRecorded: ObjectChange[] = [];
  const contended: ObjectChange[] = [];
  const errors: unknown[] = [];
  const recordOne = async ({ changes, remembered }: KnownObject) => {
    try {
      if (!(await recordObject(changes, skip.rulesKey, skip.seen, remembered))) contended.push(...changes);
    } catch (error) {
      errors.push(error);
      notRecorded.push(...changes);
    }
  };
  await pMap(queued, recordOne, { concurrency });
  if (errors.length > 0) {
    log.error(s3Events.objectsNotRecorded, { objects: errors.length, error: describeError(errors[0]) });
  }
  return { failed: notRecorded, contended };
}
