import { pausePartition } from '../../../functions/aws/tables/ledger-keys.ts';
import type { Pause } from '../queries/pause.ts';
import { readCaller } from './caller.ts';
import type { Purger } from './connect.ts';
import { isPaused, type Switches, turnSwitches } from './switches.ts';

/** Lambda says of a mapping that it has changed until a pause has taken effect. */
const takesEffectMs = 5 * 60_000;

/** What was done about a pause. */
export interface PauseChange {
  readonly switches: Switches;
  /** The pause that begins, goes on, or has ended; missing where it is not known. */
  readonly pause?: Pause;
  /** What was noted of the same pause before; missing where that has stayed. */
  readonly was?: Pause;
  /** Why it could not be noted. */
  readonly problem?: string;
}

/** @returns what is known of a pause that lasts; undefined where nothing is paused */
export async function readPause(purger: Purger, switches: Switches): Promise<Pause | undefined> {
  if (!isPaused(switches)) return undefined;
  const noted = await readNoted(purger);
  const { changedAt } = switches;
  const isOlder =
    noted !== undefined &&
    changedAt !== undefined &&
    Date.parse(changedAt) > Date.parse(noted.notedAt) + takesEffectMs;
  // What is noted was ended by a deployment, and another one has paused since.
  if (noted === undefined || isOlder) return changedAt === undefined ? {} : { since: changedAt };
  const { since, by, reason } = noted;
  return {
    ...(since !== undefined && { since }),
    ...(by !== undefined && { by }),
    ...(reason !== undefined && { reason }),
  };
}

/** Pauses, and notes for whom and why. What is paused already stays so since then, and for its reason unless there is another. */
export async function beginPause(
  purger: Purger,
  reason: string | undefined,
  before: Switches,
  nowMs: number,
): Promise<PauseChange> {
  const known = await readPause(purger, before);
  const isWhole = before.submit.startsWith('Disabl') && before.tick === 'DISABLED';
  if (known !== undefined && isWhole && reason === undefined) return { switches: before, pause: known };
  const switches = await turnSwitches(purger, false);
  const by = await readCaller(purger);
  const now = new Date(nowMs).toISOString();
  const why = reason ?? known?.reason;
  const pause: Pause = {
    since: known?.since ?? now,
    ...(by !== undefined && { by }),
    ...(why !== undefined && { reason: why }),
  };
  const was = reason === undefined || known?.reason === undefined ? undefined : known;
  const change = { switches, pause, ...(was !== undefined && { was }) };
  const { putItem } = await import('../../../functions/aws/tables/versioned-item.ts');
  try {
    await putItem(await address(purger), { ...pause, notedAt: now });
    return change;
  } catch (error) {
    return { ...change, problem: String(error) };
  }
}

/** Ends a pause. */
export async function endPause(purger: Purger, before: Switches): Promise<PauseChange> {
  const pause = await readPause(purger, before);
  const switches = await turnSwitches(purger, true);
  return { switches, ...(pause !== undefined && { pause }) };
}

interface NotedPause extends Pause {
  /** When it was written, in ISO 8601. */
  readonly notedAt: string;
}

/** Who may not read it, or has a stack of an older version, learns what the switches say. */
async function readNoted(purger: Purger): Promise<NotedPause | undefined> {
  const { readItem } = await import('../../../functions/aws/tables/versioned-item.ts');
  try {
    const { attributes } = await readItem<NotedPause>(await address(purger));
    return attributes?.notedAt === undefined ? undefined : { ...attributes, notedAt: attributes.notedAt };
  } catch {
    return undefined;
  }
}

async function address({ clients, tables }: Purger) {
  return { client: await clients.dynamodb(), tableName: tables.parked, pk: pausePartition };
}
