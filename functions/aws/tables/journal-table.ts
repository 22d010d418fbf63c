import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { type DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Durations } from '../../core/following/asking.ts';
import {
  type FollowedPurge,
  type FollowedState,
  mostHashes,
  type PurgeState,
} from '../../core/following/followed-purge.ts';
import type { RepairsSpent } from '../../core/following/repairs.ts';
import { repeatableIn } from '../../core/following/repeats.ts';
import type { Tokens } from '../../core/limits/tokens/quota.ts';
import { entryKey } from '../../core/model/entry-key.ts';
import { type PurgeMessage, readMessage, writeMessage } from '../../core/model/purge-message.ts';
import type { Lane, PurgeEntry, Target } from '../../core/model/types.ts';
import { isProvable } from '../../core/proving/choose.ts';
import { bodyPrefix, openIndex, purgePrefix } from './ledger-keys.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** A purge that CDN Pro has just accepted. */
export interface AcceptedPurge
  extends Omit<FollowedPurge, 'state' | 'entryHashes' | 'repeatable' | 'provable'> {
  /** What the purge settles: the messages that asked for it, each with the entries of this purge alone. */
  readonly messages: readonly PurgeMessage[];
  /** Whether nothing was sent: the purger observes. */
  readonly isObserved?: boolean;
}

/** A purge as it was read. */
interface ReadPurge extends FollowedPurge {
  readonly version: number;
}

/** A purge that is followed, as it was read. */
export interface OpenPurge extends ReadPurge {
  readonly state: FollowedState;
}

/** What is known of all purges together. */
export interface Following {
  readonly durations: Durations;
  readonly spent: RepairsSpent;
}

/** What is written of a purge: by `submit`, once it is accepted. */
export interface PurgeRecorder {
  /** Writes an accepted purge into the journal, from where it is followed to its end, or one that was only observed. */
  record(purge: AcceptedPurge): Promise<void>;
}

/** What happened to each purge, and why it was made, for 90 days. */
export interface Journal extends PurgeRecorder {
  /** @returns the purges that are followed, those accepted first in front; what was just written may be missing or older */
  open(limit: number): Promise<readonly OpenPurge[]>;
  /**
   * Writes a purge's state. It stays among those that are followed.
   * @returns the purge as it is now; undefined where somebody else has written since it was read
   */
  write(purge: OpenPurge, state: FollowedState): Promise<OpenPurge | undefined>;
  /** Follows a purge no longer, unless somebody else has written since it was read. */
  close(purge: OpenPurge): Promise<void>;
  /** @returns a purge, ended or not; undefined where it is not in the journal */
  purge(purgeId: string): Promise<FollowedPurge | undefined>;
  /** @returns the messages that a purge settles */
  messages(purgeId: string): Promise<readonly PurgeMessage[]>;
  readFollowing(): Promise<{ readonly following: Following; readonly version: number }>;
  /** @returns whether it was written: nobody else has written since the version was read */
  writeFollowing(following: Following, version: number): Promise<boolean>;
}

/** Options of {@link createJournal}. */
export interface JournalOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly nowMs: () => number;
}

/** What the index of the purges that are followed has them under. */
const openQueue = 'open';

/** The item of what is known of all purges together. */
const followingPartition = 'following';

/** The attributes of a purge's item. Deployed versions have written such items, so names and types do not change. */
interface StoredPurge {
  /** Only while the purge is followed. */
  readonly queue?: typeof openQueue;
  readonly order?: string;
  readonly target: Target;
  readonly lane: Lane;
  readonly acceptedMs: number;
  readonly sentMs?: number;
  readonly urls: Tokens;
  readonly repair: number;
  /** The hashes of its entries, in one string. */
  readonly entries?: string;
  /** Of how many of them, the first ones, there will be a second purge. */
  readonly repeatable?: number;
  readonly provable?: true;
  readonly state: PurgeState['kind'];
  readonly reason?: string;
  readonly successRate?: number;
  readonly finishedMs?: number;
  readonly proof?: string;
  /** Hashes of the files that were seen to be old, in one string. */
  readonly stale?: string;
  readonly expiresAt: number;
}

const keptMs = 90 * 24 * 60 * 60_000;
/** An item has at most 400 KB, its other attributes included (the DynamoDB quotas page). */
const mostBytesInItem = 380_000;
const hashLength = 8;
const zip = promisify(gzip);
const unzip = promisify(gunzip);

/** @returns the journal in the given table */
export function createJournal({ client, tableName, nowMs }: JournalOptions): Journal {
  const addressOf = (pk: string) => ({ client, tableName, pk });
  const expiresAt = () => Math.floor((nowMs() + keptMs) / 1000);

  /** Compressed, in as many items as it takes: the last one first, so that all are there where the first one is. */
  async function writeMessages(purgeId: string, messages: readonly PurgeMessage[]): Promise<void> {
    const bytes = await zip(JSON.stringify(messages.map(writeMessage)));
    const parts = Math.ceil(bytes.length / mostBytesInItem);
    for (let part = parts - 1; part >= 0; part--) {
      const body = bytes.subarray(part * mostBytesInItem, (part + 1) * mostBytesInItem);
      const item = { pk: bodyKey(purgeId, part), body, parts, expiresAt: expiresAt() };
      await client.send(new PutItemCommand({ TableName: tableName, Item: marshall(item) }));
    }
  }

  async function readPart(purgeId: string, part: number) {
    const Key = marshall({ pk: bodyKey(purgeId, part) });
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: tableName, Key }));
    return unmarshall(Item) as { readonly body?: Uint8Array; readonly parts?: number };
  }

  async function put({ version, ...purge }: ReadPurge, isOpen: boolean): Promise<boolean> {
    const stored = toStored(purge, isOpen, expiresAt());
    return writeItem(addressOf(purgePrefix + purge.purgeId), stored, version);
  }

  return {
    async record({ messages, isObserved = false, ...accepted }) {
      // Who finds the purge finds its messages.
      await writeMessages(accepted.purgeId, messages);
      const repeatable = hashesOf(messages.flatMap(repeatableIn));
      const entryHashes = [
        ...new Set([...repeatable, ...hashesOf(messages.flatMap(({ entries }) => entries))]),
      ];
      const purge: ReadPurge = {
        ...accepted,
        ...(entryHashes.length <= mostHashes && { entryHashes, repeatable: repeatable.length }),
        ...(messages.some(({ entries }) => isProvable(entries)) && { provable: true }),
        state: { kind: isObserved ? 'observed' : 'purging' },
        version: 0,
      };
      await put(purge, !isObserved);
    },

    async open(limit) {
      const open: OpenPurge[] = [];
      let ExclusiveStartKey: QueryCommand['input']['ExclusiveStartKey'];
      do {
        const { Items = [], LastEvaluatedKey } = await client.send(
          new QueryCommand({
            TableName: tableName,
            IndexName: openIndex,
            KeyConditionExpression: '#queue = :queue',
            ExpressionAttributeNames: { '#queue': 'queue' },
            ExpressionAttributeValues: marshall({ ':queue': openQueue }),
            Limit: limit - open.length,
            ExclusiveStartKey,
          }),
        );
        // What is only observed is never in the index.
        open.push(...Items.map((item) => fromStored(unmarshall(item, { wrapNumbers: Number })) as OpenPurge));
        ExclusiveStartKey = LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined && open.length < limit);
      return open;
    },

    async write(purge, state) {
      const written = { ...purge, state };
      return (await put(written, true)) ? { ...written, version: purge.version + 1 } : undefined;
    },

    async close(purge) {
      await put(purge, false);
    },

    async purge(purgeId) {
      const Key = marshall({ pk: purgePrefix + purgeId });
      const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key }));
      return Item && fromStored(unmarshall(Item, { wrapNumbers: Number }));
    },

    async messages(purgeId) {
      const first = await readPart(purgeId, 0);
      const bodies = [first.body ?? new Uint8Array()];
      for (let part = 1; part < (first.parts ?? 0); part++) {
        bodies.push((await readPart(purgeId, part)).body ?? new Uint8Array());
      }
      if (first.body === undefined) return [];
      const written = JSON.parse((await unzip(Buffer.concat(bodies))).toString()) as readonly string[];
      return written.flatMap((body) => {
        const read = readMessage(body);
        return read.kind === 'message' ? [read.message] : [];
      });
    },

    async readFollowing() {
      const { attributes = {}, version } = await readItem<Following>(addressOf(followingPartition));
      const { durations = [], spent = {} } = attributes;
      return { following: { durations, spent }, version };
    },

    writeFollowing: ({ durations, spent }, version) =>
      writeItem(addressOf(followingPartition), { durations, spent } satisfies Following, version),
  };
}

function bodyKey(purgeId: string, part: number): string {
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

function splitHashes(joined: string | undefined): readonly string[] | undefined {
  return joined?.match(new RegExp(`.{${hashLength}}`, 'g')) ?? undefined;
}

function toStored(purge: FollowedPurge, isOpen: boolean, expiresAt: number): StoredPurge {
  const { target, lane, acceptedMs, sentMs, urls, repair, entryHashes, repeatable, provable, state } = purge;
  const { kind, stale, ...outcome } = state;
  return {
    ...(isOpen && { queue: openQueue, order: String(Math.floor(acceptedMs)).padStart(15, '0') }),
    target,
    lane,
    acceptedMs,
    ...(sentMs !== undefined && { sentMs }),
    urls,
    repair,
    ...(entryHashes !== undefined && { entries: entryHashes.join('') }),
    ...(repeatable !== undefined && { repeatable }),
    ...(provable && { provable }),
    state: kind,
    ...outcome,
    ...(stale !== undefined && { stale: stale.join('') }),
    expiresAt,
  };
}

function fromStored(item: Record<string, unknown>): ReadPurge {
  const { pk, version, target, lane, acceptedMs, sentMs, urls, repair, entries, repeatable, ...rest } =
    item as unknown as StoredPurge & { readonly pk: string; readonly version: number };
  const { provable, state: kind, reason, successRate, finishedMs, proof, stale } = rest;
  const entryHashes = splitHashes(entries);
  const staleHashes = splitHashes(stale);
  return {
    purgeId: pk.slice(purgePrefix.length),
    version,
    target,
    lane,
    acceptedMs,
    ...(sentMs !== undefined && { sentMs }),
    urls,
    repair,
    ...(entryHashes !== undefined && { entryHashes }),
    ...(repeatable !== undefined && { repeatable }),
    ...(provable && { provable }),
    state: {
      kind,
      ...(reason !== undefined && { reason }),
      ...(successRate !== undefined && { successRate }),
      ...(finishedMs !== undefined && { finishedMs }),
      ...(proof !== undefined && { proof }),
      ...(staleHashes !== undefined && { stale: staleHashes }),
    } as PurgeState,
  };
}
