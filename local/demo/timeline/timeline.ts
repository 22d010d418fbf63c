import { enqueueEvents, followEvents, tickEvents } from '../../../functions/lambda/log-events.ts';
import * as submitEvents from '../../../functions/lambda/submit-events.ts';

/** What the functions' log lines, and CDN Pro, say of one change or request, as far as a timeline shows it. */
export type Entry =
  | {
      readonly kind: 'queued';
      readonly atMs: number;
      readonly changeId: string;
      readonly action: string;
      readonly urls: readonly string[];
      /** The names of those that matched. */
      readonly rules: readonly string[];
    }
  | { readonly kind: 'unmatched' | 'excepted'; readonly atMs: number; readonly changeId: string }
  | {
      readonly kind: 'accepted';
      readonly atMs: number;
      readonly purgeId: string;
      readonly purge: LoggedPurge;
    }
  | {
      readonly kind: 'finished';
      readonly atMs: number;
      readonly purgeId: string;
      /** The share of the servers that have obeyed, as a percentage. */
      readonly successRate: number;
    }
  | {
      /** What `tick` does about a purge. */
      readonly kind: 'repeated' | 'repaired';
      readonly atMs: number;
      readonly purgeId: string;
      readonly reason?: string;
    }
  | {
      /** How a purge has ended, as `tick` says. */
      readonly kind: 'ended';
      readonly atMs: number;
      readonly purgeId: string;
      readonly end: 'completed' | 'fresh' | 'superseded' | 'failed';
      readonly reason?: string;
      /** What was seen at the edge, and where. */
      readonly proof?: string;
    }
  | {
      readonly kind: 'parked';
      readonly atMs: number;
      /** How many entries wait from now on for tokens of the day. */
      readonly count: number;
      /** Why, with the number of entries for each reason. */
      readonly reasons: Readonly<Record<string, number>>;
    }
  | {
      readonly kind: 'released';
      readonly atMs: number;
      /** How many entries of each lane do not wait any more. */
      readonly lanes: Readonly<Record<string, number>>;
    }
  | { readonly kind: 'problem'; readonly atMs: number; readonly message: string };

/** The body of an accepted purge request, as `submit` logs it. */
export interface LoggedPurge {
  readonly target: 'production' | 'staging';
  readonly action: 'invalidate' | 'delete';
  readonly fileUrls?: string[];
  readonly fileHeaders?: { name: string; value: string }[];
  readonly dirUrls?: string[];
  readonly regexPatterns?: string[];
  /** What the request purges without naming it, since something that it names covers it. */
  readonly covered?: string[];
}

/** Follows changes through the functions' logs. */
export interface Timeline {
  /** All entries until now. */
  readonly entries: readonly Entry[];
  /** Reads a line that a function wrote. What is not JSON, such as the stack of a crash, is only shown by `--verbose`. */
  add(service: string, line: string): void;
  /** Adds that a purge has finished. */
  addFinished(purgeId: string, successRate: number): void;
  /** Adds something that went wrong outside a function. */
  addProblem(message: string): void;
  /** Calls the listener with each new entry. */
  onEntry(listener: (entry: Entry) => void): void;
  /** @returns the first entry since `sinceMs` that matches, waiting for it; undefined after `timeoutMs` */
  find<Found extends Entry>(
    matches: (entry: Entry) => entry is Found,
    sinceMs: number,
    timeoutMs: number,
  ): Promise<Found | undefined>;
}

/** @returns a timeline without entries */
export function createTimeline(nowMs: () => number = Date.now): Timeline {
  const entries: Entry[] = [];
  const listeners = new Set<(entry: Entry) => void>();
  function record(entry: Entry): void {
    entries.push(entry);
    for (const listener of listeners) listener(entry);
  }

  return {
    entries,
    add(service, line) {
      const entry = entryOf(service, line, nowMs());
      if (entry !== undefined) record(entry);
    },
    addFinished: (purgeId, successRate) => record({ kind: 'finished', atMs: nowMs(), purgeId, successRate }),
    addProblem: (message) => record({ kind: 'problem', atMs: nowMs(), message }),
    onEntry(listener) {
      listeners.add(listener);
    },
    find<Found extends Entry>(matches: (entry: Entry) => entry is Found, sinceMs: number, timeoutMs: number) {
      const known = entries.find((entry): entry is Found => entry.atMs >= sinceMs && matches(entry));
      if (known !== undefined) return Promise.resolve(known);
      return new Promise<Found | undefined>((settle) => {
        const end = (found: Found | undefined) => {
          clearTimeout(timer);
          listeners.delete(listener);
          settle(found);
        };
        const listener = (entry: Entry) => {
          if (matches(entry)) end(entry);
        };
        const timer = setTimeout(() => end(undefined), timeoutMs);
        listeners.add(listener);
      });
    },
  };
}

interface Line {
  readonly level?: string;
  readonly message?: unknown;
  readonly service?: string;
  readonly change?: { readonly id?: string; readonly action?: string };
  readonly urls?: readonly string[];
  readonly rules?: readonly string[];
  readonly purgeId?: string;
  readonly end?: (Entry & { readonly kind: 'ended' })['end'];
  readonly reason?: string;
  readonly proof?: string;
  readonly entries?: number;
  readonly reasons?: Readonly<Record<string, number>>;
  readonly [field: string]: unknown;
}

function entryOf(service: string, rawLine: string, atMs: number): Entry | undefined {
  const line = parse(rawLine);
  if (line === undefined) return undefined;
  const changeId = line.change?.id ?? '';
  switch (line.message) {
    case enqueueEvents.changeQueued:
      return {
        kind: 'queued',
        atMs,
        changeId,
        action: line.change?.action ?? '',
        urls: line.urls ?? [],
        rules: line.rules ?? [],
      };
    case enqueueEvents.changeUnmatched:
      return { kind: 'unmatched', atMs, changeId };
    case enqueueEvents.changeExcepted:
      return { kind: 'excepted', atMs, changeId };
    case submitEvents.entriesParked:
      return line.entries
        ? { kind: 'parked', atMs, count: line.entries, reasons: line.reasons ?? {} }
        : undefined;
    case tickEvents.released:
      // Here the field has a number for each lane.
      return { kind: 'released', atMs, lanes: line.urls as unknown as Record<string, number> };
    case followEvents.purgeEnded:
    case followEvents.purgeFailed:
      return line.end && { kind: 'ended', end: line.end, ...aboutPurge(line, atMs) };
    case followEvents.purgeRepeated:
      return { kind: 'repeated', ...aboutPurge(line, atMs) };
    case followEvents.purgeSentAgain:
      return { kind: 'repaired', ...aboutPurge(line, atMs) };
    case followEvents.probesStale:
      // The repair says the same.
      return undefined;
    case submitEvents.purgeAccepted:
      return { kind: 'accepted', atMs, purgeId: line.purgeId ?? '?', purge: line as unknown as LoggedPurge };
  }
  // The runtime reports an error as an object; the stack sees that failure itself.
  const isProblem = line.level === 'WARN' || line.level === 'ERROR';
  if (!isProblem || typeof line.message !== 'string') return undefined;
  return {
    kind: 'problem',
    atMs,
    message: `${line.service ?? service}: ${line.message}${details(line)}`,
  };
}

function aboutPurge({ purgeId = '?', reason, proof }: Line, atMs: number) {
  return { atMs, purgeId, ...(reason !== undefined && { reason }), ...(proof !== undefined && { proof }) };
}

function parse(rawLine: string): Line | undefined {
  try {
    const json: unknown = JSON.parse(rawLine);
    return typeof json === 'object' && json !== null ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}

/** The fields of a line without those that Powertools adds to each, for a person. */
function details(line: Line): string {
  const common = ['level', 'message', 'service', 'timestamp', 'sampling_rate', 'cold_start'];
  const fields = Object.entries(line).filter(
    ([name]) => !common.includes(name) && !name.startsWith('function_'),
  );
  const written = fields.map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return written.length === 0 ? '' : ` (${written.join(', ')})`;
}

/** @returns everything that a request purges by name or covers */
export function purgedBy({
  fileUrls = [],
  dirUrls = [],
  regexPatterns = [],
  covered = [],
}: LoggedPurge): readonly string[] {
  return [...fileUrls, ...dirUrls, ...regexPatterns, ...covered];
}
