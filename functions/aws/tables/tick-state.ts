import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AllReleased } from '../../core/limits/released-tokens.ts';
import type { TokenKind } from '../../core/limits/tokens/senders.ts';
import { byteLength } from '../../core/model/purge-message.ts';
import { readItem, writeItem } from './versioned-item.ts';

/** What one tick leaves for the next. */
export interface TickState {
  readonly released: AllReleased;
  /** When all that waits was last counted, in milliseconds. */
  readonly countedMs: number;
  /** The senders of which something waited then, by the kind of token. */
  readonly senders: Readonly<Record<TokenKind, readonly string[]>>;
  /** The directories that were sent lately in place of files: there may have been no time to remove all of these. */
  readonly converted: readonly ConvertedDirectory[];
}

/** A directory that was sent in place of files that waited. */
export interface ConvertedDirectory {
  /** What the URLs of its files begin with. */
  readonly below: string;
  /** See `scopeKey`. */
  readonly scope: string;
  /** When putting it into the purge queue began, in milliseconds: it purges what was parked before. */
  readonly sentMs: number;
}

/** The turn of a tick, which no other one has at the same time. */
export interface Turn {
  readonly state: TickState;
  /** Ends the turn. */
  end(state: TickState): Promise<void>;
}

/** Lets one tick at a time release what waits: two would release it twice. */
export interface TickTurns {
  /**
   * @param untilMs when the tick has ended for certain, in milliseconds
   * @returns undefined where another tick has its turn
   */
  take(untilMs: number): Promise<Turn | undefined>;
}

/** Options of {@link createTickTurns}. */
export interface TickTurnsOptions {
  readonly client: DynamoDBClient;
  /** The table of what waits, in whose index this item is not. */
  readonly tableName: string;
  readonly nowMs: () => number;
}

/**
 * The attributes of the item. A version before, which may be deployed again, has one release of a target in `released`, and
 * does not tell kinds of tokens apart.
 */
interface StoredTurn extends Omit<TickState, 'released' | 'senders'> {
  readonly untilMs: number;
  readonly releases: AllReleased;
  readonly senders: readonly string[];
  readonly sendersByKind: TickState['senders'];
}

/** No function runs for longer, in milliseconds. */
const longestMs = 15 * 60_000;

/** The item's partition key, which is none of an entry. */
const partition = 'tick';

/** @returns the turns of ticks, kept in the given table */
export function createTickTurns({ nowMs, ...options }: TickTurnsOptions): TickTurns {
  const address = { ...options, pk: partition };
  return {
    async take(untilMs) {
      const { attributes = {}, version } = await readItem<StoredTurn & Pick<TickState, 'released'>>(address);
      const { untilMs: takenUntilMs = 0, countedMs = 0, converted = [] } = attributes;
      const leftMs = takenUntilMs - nowMs();
      // A wrong clock has taken a turn that is longer than any: where that tick has crashed, nobody else ends it.
      if (leftMs > 0 && leftMs <= longestMs) return undefined;
      const released = attributes.releases ?? attributes.released ?? {};
      const { senders: names = [], sendersByKind: senders = { files: names, dirs: names } } = attributes;
      const state: TickState = { released, countedMs, senders, converted };
      if (!(await writeItem(address, stored(state, untilMs), version))) return undefined;
      return {
        state,
        async end(next) {
          // Where another tick has taken its turn since, this one lasted too long.
          await writeItem(address, stored(next, 0), version + 1);
        },
      };
    },
  };
}

/** An item has at most 400 KB (the DynamoDB quotas page), and what is forgotten is purged once more. */
const mostConvertedBytes = 200_000;

/** @returns the newest of them that an item has room for: a large quota converts thousands in a day */
function newestOf(converted: TickState['converted']): TickState['converted'] {
  let bytes = 0;
  const last = converted.findLastIndex((each) => {
    bytes += byteLength(JSON.stringify(each));
    return bytes > mostConvertedBytes;
  });
  return converted.slice(last + 1);
}

function stored({ released, senders: sendersByKind, ...state }: TickState, untilMs: number): StoredTurn {
  const senders = [...new Set([...sendersByKind.files, ...sendersByKind.dirs])];
  const converted = newestOf(state.converted);
  return { ...state, converted, releases: released, senders, sendersByKind, untilMs };
}
