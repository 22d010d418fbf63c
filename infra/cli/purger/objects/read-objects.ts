import pMap from 'p-map';
import { readRecorded } from '../../../../functions/aws/tables/seen-objects-table.ts';
import type { ChangeAction } from '../../../../functions/core/model/types.ts';
import { isVersion } from '../../../../functions/core/proving/choose.ts';
import type { DeadLetter } from '../../queries/dead/dead-letters.ts';
import { never, type ObjectFacts, type ObjectNow, objectNow } from '../../queries/objects/object-now.ts';
import { rejectedEventOf } from '../../queries/objects/rejected-event.ts';
import { isProvable, type Step } from '../../queries/why/steps.ts';
import type { Purger } from '../connect.ts';
import { askObject, objectOf } from './ask-object.ts';

/** What is known of changes. */
export interface KnownChanges {
  readonly steps: readonly Step[];
  readonly letters: readonly DeadLetter[];
  /** From when on none is missing among the steps, in milliseconds. */
  readonly knownSinceMs: number;
  /** Messages in the queues. */
  readonly queued?: number;
  readonly paused?: boolean;
}

const concurrency = 8;
/** More are not looked at. */
const most = 20;

/**
 * @param ids objects as changes name them, `s3://BUCKET/KEY`
 * @returns whether the newest change of each has arrived
 */
export async function readObjects(
  purger: Purger,
  ids: readonly string[],
  { steps, letters, knownSinceMs, queued = 0, paused = false }: KnownChanges,
): Promise<readonly ObjectNow[]> {
  const read = async (id: string) => {
    const rejected = rejectedEventOf(id, letters);
    const facts = await readFacts(id, steps, purger);
    return objectNow({ ...facts, knownSinceMs, queued, paused, ...(rejected && { rejected }) });
  };
  return pMap(ids.slice(0, most), read, { concurrency });
}

async function readFacts(
  id: string,
  steps: readonly Step[],
  purger: Purger,
): Promise<Omit<ObjectFacts, 'knownSinceMs'>> {
  const [asked, recorded] = await Promise.all([askObject(id, purger.clients), readRecordedOf(id, purger)]);
  const changes = { putMs: lastMs(id, 'put', steps), deleteMs: lastMs(id, 'delete', steps) };
  const known = { id, ...changes, ...(recorded !== undefined && { recorded }) };
  if (asked === undefined) return { ...known, reason: 'this stack is of an older version' };
  if (asked.answer === undefined) return { ...known, reason: asked.reason };
  const { status, etag, lastModifiedMs } = asked.answer;
  if (status !== 200) return known;
  if (etag === undefined || lastModifiedMs === undefined) {
    const missing = etag === undefined ? 'ETag' : 'Last-Modified';
    return { ...known, reason: `S3's answer has no ${missing}` };
  }
  return { ...known, now: { etag: etag.replaceAll('"', ''), lastModifiedMs } };
}

/** That a version was removed is told as a put without one: the object may be gone by it. */
function lastMs(id: string, action: ChangeAction, steps: readonly Step[]): number {
  const isRemoval = ({ entry }: Step) => isProvable(entry) && !isVersion(entry.shows);
  const isMeant = (step: Step) => step.change?.action === action || (action === 'delete' && isRemoval(step));
  const own = steps.filter((step) => step.change?.id === id && isMeant(step));
  return own.reduce((last, { changedMs }) => Math.max(last, changedMs), never);
}

async function readRecordedOf(
  id: string,
  { clients, tables }: Purger,
): Promise<ObjectFacts['recorded'] | undefined> {
  const object = objectOf(id);
  if (tables.objects === undefined || object === undefined) return undefined;
  return readRecorded(object, { client: await clients.dynamodb(), tableName: tables.objects });
}
