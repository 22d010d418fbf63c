import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { type FollowedPurge, mostHashes, type PurgeState } from '../../core/following/followed-purge.ts';
import { priceOfAgain, priceOfNamed } from '../../core/following/repairs.ts';
import { isRepeatedAsLong, repeatableIn } from '../../core/following/repeats.ts';
import { covers, type Tokens } from '../../core/limits/tokens/quota.ts';
import { entryKey } from '../../core/model/entry-key.ts';
import { type PurgeMessage, writeMessage } from '../../core/model/purge-message.ts';
import type { Lane, PurgeEntry, Target } from '../../core/model/types.ts';
import { isProvable } from '../../core/proving/choose.ts';
import { bodyPrefix, purgePrefix } from '../tables/ledger-keys.ts';
import { writeItem } from '../tables/versioned-item.ts';

/** A purge that CDN Pro has just accepted. */
export interface AcceptedPurge
  extends Omit<
    FollowedPurge,
    'state' | 'again' | 'againNamed' | 'entryHashes' | 'repeatable' | 'repeatableInLane' | 'provable'
  > {
  /** What the purge settles: the messages that asked for it, each with the entries of this purge alone. */
  readonly messages: readonly PurgeMessage[];
  /** Whether nothing was sent: the purger observes. */
  readonly isObserved?: boolean;
}

/** A purge as it was read. */
export interface ReadPurge extends FollowedPurge {
  readonly version: number;
}

/** What is written of a purge: by `submit`, once it is accepted. */
export interface PurgeRecorder {
  /** Writes an accepted purge into the journal, from where it is followed to its end, or one that was only observed. */
  record(purge: AcceptedPurge): Promise<void>;
}

/** Where the journal is. */
export interface JournalOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** What the index of the purges that are followed has them under. */
export const openQueue = 'open';

/** The attributes of a purge's item. Deployed versions have written such items, so names and types do not change. */
export interface StoredPurge {
  /** Only while the purge is followed. */
  readonly queue?: typeof openQueue;
  readonly order?: string;
  readonly target: Target;
  readonly lane: Lane;
  readonly acceptedMs: number;
  readonly sentMs?: number;
  readonly urls: Tokens;
  /** What it costs at most to send all of it again; missing where that is `urls`. */
  readonly again?: Tokens;
  /** The same of what it names alone; missing where that is no less, or does not purge the rest. */
  readonly againNamed?: Tokens;
  /** The directories among it that no message asks for. */
  readonly instead?: readonly PurgeEntry[];
  readonly repair: number;
  /** The hashes of its entries, in one string. */
  readonly entries?: string;
  /** Of how many of them, the first ones, there will be a second purge. */
  readonly repeatable?: number;
  /** Of how many of these, the first ones, as surely as its lane says; missing where of all. */
  readonly repeatableInLane?: number;
  readonly provable?: true;
  readonly state: PurgeState['kind'];
  readonly reason?: string;
  readonly successRate?: number;
  readonly finishedMs?: number;
  /** Since when it is only to be proven. */
  readonly provingMs?: number;
  readonly proof?: string;
  /** Hashes of the files that were seen to be old, in one string. */
  readonly stale?: string;
  readonly namedAlone?: true;
  readonly isRepeatLeft?: true;
  readonly expiresAt: number;
}

const keptMs = 90 * 24 * 60 * 60_000;
/** An item has at most 400 KB, its other attributes included (the DynamoDB quotas page). */
const mostBytesInItem = 380_000;

/** How many characters the hash of an entry has. */
export const hashLength = 8;

/** @returns what writes accepted purges into the journal in the given table, and cannot read it */
export function createPurgeRecorder(options: JournalOptions): PurgeRecorder {
  const { client, tableName } = options;

  /** Compressed, in as many items as it takes: the last one first, so that all are there where the first one is. */
  async function writeMessages(purgeId: string, messages: readonly PurgeMessage[]): Promise<void> {
    // For so few bytes, the thread pool costs several times the work itself.
    const bytes = gzipSync(JSON.stringify(messages.map(writeMessage)));
    const parts = Math.ceil(bytes.length / mostBytesInItem);
    for (let part = parts - 1; part >= 0; part--) {
      const body = bytes.subarray(part * mostBytesInItem, (part + 1) * mostBytesInItem);
      const item = { pk: bodyKey(purgeId, part), body, parts, expiresAt: expiresAt(options) };
      await client.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) }));
    }
  }

  return {
    async record({ messages, instead = [], isObserved = false, ...accepted }) {
      // Who finds the purge finds its messages.
      await writeMessages(accepted.purgeId, messages);
      const inLane = messages.filter(({ lane }) => isRepeatedAsLong(lane, accepted.lane));
      const first = hashesOf(inLane.flatMap(repeatableIn));
      const repeatable = [...new Set([...first, ...hashesOf(messages.flatMap(repeatableIn))])];
      const isAlike = first.length === repeatable.length;
      const entryHashes = [
        ...new Set([...repeatable, ...hashesOf(messages.flatMap(({ entries }) => entries))]),
      ];
      const again = priceOfAgain(messages);
      const againNamed = priceOfNamed(messages, { ...accepted, instead });
      const purge: ReadPurge = {
        ...accepted,
        ...(!covers(accepted.urls, again) && { again }),
        ...(againNamed !== undefined &&
          !covers(againNamed, again) && { againNamed, ...(instead.length > 0 && { instead }) }),
        ...(entryHashes.length <= mostHashes && {
          entryHashes,
          repeatable: repeatable.length,
          ...(!isAlike && { repeatableInLane: first.length }),
        }),
        ...(messages.some(({ entries }) => isProvable(entries)) && { provable: true }),
        state: { kind: isObserved ? 'observed' : 'purging' },
        version: 0,
      };
      await putPurge(purge, !isObserved, options);
    },
  };
}

/**
 * Writes a purge, unless somebody else has written since it was read.
 * @param isOpen whether it is followed
 * @returns whether it was written
 */
export function putPurge(
  { version, ...purge }: ReadPurge,
  isOpen: boolean,
  options: JournalOptions,
): Promise<boolean> {
  const { client, tableName } = options;
  const address = { client, tableName, pk: purgePrefix + purge.purgeId };
  return writeItem(address, toStored(purge, isOpen, expiresAt(options)), version);
}

function expiresAt({ nowMs }: Pick<JournalOptions, 'nowMs'>): number {
  return Math.floor((nowMs() + keptMs) / 1000);
}

/** @returns the key of a part of the messages that a purge settles */
export function bodyKey(purgeId: string, part: number): string {
  return part === 0 ? `${bodyPrefix}${purgeId}` : `${bodyPrefix}${purgeId}#${part}`;
}

/** @returns the hashes of entries, each once */
function hashesOf(entries: readonly PurgeEntry[]): readonly string[] {
  return [...new Set(entries.map((entry) => hashOf(entryKey(entry))))];
}

/** @returns the hash by which the journal knows a key; 48 bits are enough, since few purges are compared */
export function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, hashLength);
}

function toStored(purge: FollowedPurge, isOpen: boolean, expiresAt: number): StoredPurge {
  const { target, lane, acceptedMs, sentMs, urls, again, againNamed, instead, repair } = purge;
  const { entryHashes, provable, state, repeatable, repeatableInLane } = purge;
  const { kind, stale, ...outcome } = state;
  return {
    ...(isOpen && { queue: openQueue, order: String(Math.floor(acceptedMs)).padStart(15, '0') }),
    target,
    lane,
    acceptedMs,
    ...(sentMs !== undefined && { sentMs }),
    urls,
    ...(again !== undefined && { again }),
    ...(againNamed !== undefined && { againNamed }),
    ...(instead !== undefined && { instead }),
    repair,
    ...(entryHashes !== undefined && { entries: entryHashes.join('') }),
    ...(repeatable !== undefined && { repeatable }),
    ...(repeatableInLane !== undefined && { repeatableInLane }),
    ...(provable && { provable }),
    state: kind,
    ...outcome,
    ...(stale !== undefined && { stale: stale.join('') }),
    expiresAt,
  };
}
