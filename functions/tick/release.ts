import pMap from 'p-map';
import type { Parked, ParkedKind } from '../aws/tables/parked-table.ts';
import type { ConvertedDirectory } from '../aws/tables/tick-state.ts';
import type { ParkReason } from '../core/limits/send-or-park.ts';
import { noTokens, plus, type Tokens, tokensLeft } from '../core/limits/tokens/quota.ts';
import { scopeKey } from '../core/model/entry-key.ts';
import { entryText } from '../core/model/entry-text.ts';
import { secondPurgeOf } from '../core/model/messages/second-purge.ts';
import type { FileEntry, Lane, Target } from '../core/model/types.ts';
import { convertFiles, fewestFiles, fewestSpreadFiles } from '../core/planning/convert.ts';
import { fixedPart } from '../core/planning/wildcard.ts';
import { describeError } from '../lambda/log.ts';
import { tickEvents } from '../lambda/log-events.ts';
import { isConverted } from './converted.ts';
import type { Decisions } from './decide.ts';
import { type PackedMessage, packMessages } from './pack.ts';
import type { TickOptions, TickPorts } from './ports.ts';
import type { Tally } from './tally.ts';

/** What a release works with. */
export interface ReleaseContext {
  readonly ports: TickPorts;
  readonly options: TickOptions;
  readonly decisions: Decisions;
  readonly tally: Tally;
  readonly released: Released;
  /** The directories that were sent lately in place of files; what is sent is added. */
  readonly converted: ConvertedDirectory[];
  /** Whether all that waits has to be read, and not just what tokens could be there for. */
  readonly isComplete: boolean;
  readonly deadlineMs: number;
}

type ParkedFile = Parked & { readonly entry: FileEntry };

/** What was released until now. */
export interface Released {
  /** How many URLs, by lane. */
  readonly urls: Map<Lane, number>;
  /** What they will cost, where each URL is a token. */
  readonly tokens: Map<Target, Tokens>;
}

const targets: readonly Target[] = ['production', 'staging'];
/** Few directories wait, and many files: those must not use up the time of these. */
const kinds: readonly ParkedKind[] = ['dirs', 'files'];
/** So many are decided, sent and removed at a time: at most so many are released twice after a crash. */
const chunkSize = 500;
/** The most that is read of one queue. */
const mostRead = 200_000;
/** The share of the day's directories that conversion leaves. */
const dirsKept = 0.25;
const concurrency = 32;

/**
 * Releases what can be paid for now: into the purge queue first, then out of the table, so that a crash in between
 * releases it twice and never loses it.
 * @returns whether all that waits was read
 */
export async function releaseParked(context: ReleaseContext): Promise<boolean> {
  let isComplete = true;
  for (const target of targets) {
    const bulkFiles: ParkedFile[] = [];
    for (const kind of kinds) {
      for await (const items of chunksOf(context.ports.parked.oldest(target, kind, mostRead))) {
        if (context.ports.nowMs() >= context.deadlineMs) {
          // It is a backlog that cannot be read in one tick which needs this most.
          for (const item of await convertBulk(target, bulkFiles, context)) {
            context.tally.add(item, 'tokens');
          }
          return false;
        }
        const isPurged = (item: Parked) => isConverted(item, context.converted);
        const purged = items.filter(isPurged);
        await removeAll(purged, context);
        const { send, park } = context.decisions.take(items.filter((item) => !isPurged(item)));
        await removeAll(await sendAll(packMessages(send, context.ports.nowMs()), context), context);
        for (const { item, reason } of park) {
          if (isConvertible(item, reason, context)) bulkFiles.push(item);
          else context.tally.add(item, reason);
        }
        const isIdle = send.length + purged.length === 0;
        if (!context.isComplete && isIdle && isOver(items, target, kind, context)) {
          isComplete = false;
          break;
        }
      }
    }
    for (const item of await convertBulk(target, bulkFiles, context)) {
      context.tally.add(item, 'tokens');
    }
  }
  return isComplete;
}

async function* chunksOf(items: AsyncIterable<Parked>): AsyncIterable<readonly Parked[]> {
  let chunk: Parked[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < chunkSize) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** In a shortage, files of bulk below what the user has named for it may become directories. */
function isConvertible(
  item: Parked,
  reason: ParkReason,
  { options: { convertInShortage } }: ReleaseContext,
): item is ParkedFile {
  const { entry, lane } = item;
  if (reason !== 'tokens' || lane !== 'bulk' || entry.kind !== 'file') return false;
  return convertInShortage.some((prefix) => entry.url.startsWith(prefix));
}

/** Whether more comes after these, and there is no token for it: a lane has no more than those before it. */
function isOver(
  items: readonly Parked[],
  target: Target,
  kind: ParkedKind,
  { decisions }: ReleaseContext,
): boolean {
  const isAnyLeft = decisions.spendable(target, items.at(-1)?.lane ?? 'takedown')[kind] > 0;
  return items.length === chunkSize && !isAnyLeft;
}

/** Puts messages into the purge queue. @returns what these release, and is to be removed */
async function sendAll(
  messages: readonly PackedMessage[],
  { ports, released }: ReleaseContext,
): Promise<readonly Parked[]> {
  if (messages.length === 0) return [];
  const unsent = await ports.send(messages.map(({ body }) => ({ body })));
  const failed = new Set(unsent.map(({ index }) => index));
  const sent = messages.filter((_, index) => !failed.has(index));
  const items = sent.flatMap((message) => message.items);
  if (failed.size > 0) {
    ports.log.warn(tickEvents.notReleased, { messages: failed.size, reason: unsent[0]?.reason });
  }
  for (const { target, price } of sent) {
    released.tokens.set(target, plus(released.tokens.get(target) ?? noTokens, price));
  }
  for (const { lane } of items) released.urls.set(lane, (released.urls.get(lane) ?? 0) + 1);
  return items;
}

async function removeAll(items: readonly Parked[], { ports }: ReleaseContext): Promise<void> {
  await pMap(items, (item) => remove(item, ports), { concurrency });
}

/** Where this fails, the item is released again. */
async function remove(item: Parked, { parked, log }: TickPorts): Promise<void> {
  try {
    await parked.remove(item);
  } catch (error) {
    log.warn(tickEvents.notRemoved, { url: urlOf(item), error: describeError(error) });
  }
}

/** @returns the files that go on waiting */
async function convertBulk(
  target: Target,
  files: readonly ParkedFile[],
  context: ReleaseContext,
): Promise<readonly ParkedFile[]> {
  const { ports, options, decisions } = context;
  if (files.length === 0) return files;
  const nowMs = ports.nowMs();
  const { quotaState, quota } = decisions.quotaOf(target);
  const left = tokensLeft(quotaState, quota, nowMs);
  const converted = convertFiles(files, {
    prefixes: options.convertInShortage,
    fewest: fewestFiles({ files: Math.max(0, left.files), dirs: Math.max(0, left.dirs) }),
    fewestSpread: fewestSpreadFiles(quota),
    mostDirs: Math.floor(
      Math.min(decisions.spendable(target, 'bulk').dirs, left.dirs - quota.dirs * dirsKept),
    ),
    nowMs,
  });
  for (const { entry, replaced } of converted) {
    const sinceMs = replaced.reduce((oldest, each) => Math.min(oldest, each.sinceMs), nowMs);
    // Without a change it is nobody's: no sender pays, and it is not held like a rule's directory.
    const directory: Parked = {
      pk: '',
      version: 0,
      entry,
      lane: 'bulk',
      sinceMs,
      ...secondPurgeOf(replaced),
    };
    decisions.pay(directory);
    const messages = packMessages([directory], nowMs).map((message) => ({ ...message, items: replaced }));
    // What is parked while it is sent may be of a later change.
    const sentMs = ports.nowMs();
    const done = await sendAll(messages, context);
    if (done.length === 0) continue;
    context.converted.push({ below: fixedPart(entry.url), scope: scopeKey(entry), sentMs });
    ports.log.info(tickEvents.converted, { dirUrl: entry.url, replaced: replaced.map(urlOf) });
    // What there is no time for, the next ticks remove.
    await pMap(done, async (item) => ports.nowMs() < context.deadlineMs && remove(item, ports), {
      concurrency,
    });
  }
  const gone = new Set(converted.flatMap(({ replaced }) => replaced));
  return files.filter((file) => !gone.has(file));
}

function urlOf({ entry }: Parked): string {
  return entryText(entry);
}
