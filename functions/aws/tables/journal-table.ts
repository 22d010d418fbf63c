import { gunzipSync } from 'node:zlib';
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Durations } from '../../core/following/asking.ts';
import type { FollowedPurge, FollowedState, PurgeState } from '../../core/following/followed-purge.ts';
import type { RepairsSpent } from '../../core/following/repairs.ts';
import { type PurgeMessage, readMessage } from '../../core/model/purge-message.ts';
import {
  bodyKey,
  createPurgeRecorder,
  hashLength,
  type JournalOptions,
  openQueue,
  type PurgeRecorder,
  putPurge,
  type ReadPurge,
  type StoredPurge,
} from '../journal/purge-recorder.ts';
import { openIndex, purgePrefix } from './ledger-keys.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** A purge that is followed, as it was read. */
export interface OpenPurge extends ReadPurge {
  readonly state: FollowedState;
}

/** What is known of all purges together. */
export interface Following {
  readonly durations: Durations;
  readonly spent: RepairsSpent;
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

/** The item of what is known of all purges together. */
const followingPartition = 'following';

/** @returns the journal in the given table */
export function createJournal(options: JournalOptions): Journal {
  const { client, tableName } = options;
  const following = { client, tableName, pk: followingPartition };

  async function readPart(purgeId: string, part: number) {
    const Key = marshall({ pk: bodyKey(purgeId, part) });
    const { Item = {} } = await client.send(new GetItemCommand({ TableName: tableName, Key }));
    return unmarshall(Item) as { readonly body?: Uint8Array; readonly parts?: number };
  }

  return {
    ...createPurgeRecorder(options),

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
      return (await putPurge(written, true, options))
        ? { ...written, version: purge.version + 1 }
        : undefined;
    },

    async close(purge) {
      await putPurge(purge, false, options);
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
      const written = JSON.parse(gunzipSync(Buffer.concat(bodies)).toString()) as readonly string[];
      return written.flatMap((body) => {
        const read = readMessage(body);
        return read.kind === 'message' ? [read.message] : [];
      });
    },

    async readFollowing() {
      const { attributes = {}, version } = await readItem<Following>(following);
      const { durations = [], spent = {} } = attributes;
      return { following: { durations, spent }, version };
    },

    writeFollowing: ({ durations, spent }, version) =>
      writeItem(following, { durations, spent } satisfies Following, version),
  };
}

function splitHashes(joined: string | undefined): readonly string[] | undefined {
  return joined?.match(new RegExp(`.{${hashLength}}`, 'g')) ?? undefined;
}

function fromStored(item: Record<string, unknown>): ReadPurge {
  const { pk, version, target, lane, acceptedMs, sentMs, urls, repair, entries, repeatable, ...rest } =
    item as unknown as StoredPurge & { readonly pk: string; readonly version: number };
  const {
    again,
    againNamed,
    instead,
    repeatableInLane,
    provable,
    state: kind,
    reason,
    successRate,
    finishedMs,
    provingMs,
    proof,
    stale,
    namedAlone,
    isRepeatLeft,
  } = rest;
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
    ...(again !== undefined && { again }),
    ...(againNamed !== undefined && { againNamed }),
    ...(instead !== undefined && { instead }),
    repair,
    ...(entryHashes !== undefined && { entryHashes }),
    ...(repeatable !== undefined && { repeatable }),
    ...(repeatableInLane !== undefined && { repeatableInLane }),
    ...(provable && { provable }),
    state: {
      kind,
      ...(reason !== undefined && { reason }),
      ...(successRate !== undefined && { successRate }),
      ...(finishedMs !== undefined && { finishedMs }),
      ...(provingMs !== undefined && { provingMs }),
      ...(proof !== undefined && { proof }),
      ...(staleHashes !== undefined && { stale: staleHashes }),
      ...(namedAlone && { namedAlone }),
      ...(isRepeatLeft && { isRepeatLeft }),
    } as PurgeState,
  };
}
