import { headersKey, scopeKey } from '../model/entry-key.ts';
import { entryText } from '../model/entry-text.ts';
import { groupBy } from '../model/group-by.ts';
import { byteLength } from '../model/purge-message.ts';
import type { FileEntry } from '../model/types.ts';
import {
  bodyOf,
  maxDirUrls,
  maxRegexPatterns,
  type PlannedEntry,
  type PlannedRequest,
} from './planned-request.ts';

/** How much a request may carry. */
export interface RequestSize {
  /** Most file URLs in a request. CDN Pro states none. */
  readonly maxFileUrls: number;
  /** Largest body in bytes. CDN Pro states none. */
  readonly maxBodyBytes: number;
}

/** A request that is being filled. */
interface Draft {
  readonly entries: PlannedEntry[];
  bytes: number;
}

/** The names and brackets of the lists that a body may have in addition. */
const emptyListsBytes = '"fileUrls":[],"dirUrls":[],"regexPatterns":[],'.length;

/**
 * Packs entries into the fewest requests: for each scope the larger of the numbers that its files (each header set by
 * itself), its directories and its regexes need, since they ride along with each other. Those that come first are in
 * the first requests.
 */
export function packRequests(entries: readonly PlannedEntry[], size: RequestSize): readonly PlannedRequest[] {
  const scopes = groupBy(entries, ({ entry }) => scopeKey(entry));
  return [...scopes.values()].flatMap((scope) => packScope(scope, size));
}

function packScope(entries: readonly PlannedEntry[], size: RequestSize): readonly PlannedRequest[] {
  const { maxFileUrls, maxBodyBytes } = size;
  const drafts: Draft[] = [];
  const ofKind = (kind: PlannedEntry['entry']['kind']) => entries.filter(({ entry }) => entry.kind === kind);
  const headerSets = groupBy(ofKind('file'), ({ entry }) => headersKey(entry as FileEntry));
  for (const files of headerSets.values()) fill(drafts, drafts.length, files, maxFileUrls, maxBodyBytes);
  fill(drafts, 0, ofKind('dir'), maxDirUrls, maxBodyBytes);
  fill(drafts, 0, ofKind('regex'), maxRegexPatterns, maxBodyBytes);
  return drafts.map(({ entries }) => ({ entries }));
}

/** Adds entries to the drafts from the given one on, and to new ones behind them. */
function fill(
  drafts: Draft[],
  from: number,
  entries: readonly PlannedEntry[],
  most: number,
  maxBytes: number,
): void {
  let index = from;
  let count = 0;
  for (const planned of entries) {
    const bytes = bytesOf(planned);
    while (count >= most || isTooLong(drafts[index], bytes, maxBytes)) {
      index++;
      count = 0;
    }
    const draft = drafts[index] ?? { entries: [], bytes: bytesAround(planned) };
    drafts[index] = draft;
    draft.entries.push(planned);
    draft.bytes += bytes;
    count++;
  }
}

/** A draft that has nothing yet takes whatever comes: it cannot be made shorter. */
function isTooLong(draft: Draft | undefined, more: number, maxBytes: number): boolean {
  return draft !== undefined && draft.bytes + more > maxBytes;
}

function bytesOf({ entry }: PlannedEntry): number {
  return byteLength(JSON.stringify(entryText(entry))) + ','.length;
}

/** The bytes of a body without its entries. */
function bytesAround(planned: PlannedEntry): number {
  const body = byteLength(JSON.stringify(bodyOf({ entries: [planned] })));
  return body - bytesOf(planned) + emptyListsBytes;
}
