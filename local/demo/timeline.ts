import { enqueueEvents, submitEvents } from '../../functions/lambda/log-events.ts';

/** What the functions' log lines say of one change or request, as far as a timeline shows it. */
export type Entry =
  | {
      readonly kind: 'queued';
      readonly atMs: number;
      readonly changeId: string;
      readonly action: string;
      readonly urls: readonly string[];
    }
  | { readonly kind: 'unmatched'; readonly atMs: number; readonly changeId: string }
  | { readonly kind: 'purged'; readonly atMs: number; readonly purgeId: string; readonly purge: LoggedPurge }
  | { readonly kind: 'problem'; readonly atMs: number; readonly text: string };

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
  /** Takes a line that a function wrote. What is no JSON, such as the stack of a crash, is left to `--verbose`. */
  add(service: string, line: string): void;
  /** Takes something that went wrong outside a function. */
  addProblem(text: string): void;
  /** Is called with each entry, as it comes. */
  onEntry(listener: (entry: Entry) => void): void;
  /** @returns the first entry, from now on or since `sinceMs`, that fits; undefined after `timeoutMs` */
  find<Found extends Entry>(
    fits: (entry: Entry) => entry is Found,
    sinceMs: number,
    timeoutMs: number,
  ): Promise<Found | undefined>;
}

/** @returns a journal without entries */
export function createJournal(nowMs: () => number = Date.now): Timeline {
  const entries: Entry[] = [];
  const listeners = new Set<(entry: Entry) => void>();
  function record(entry: Entry): void {
    entries.push(entry);
    for (const listener of listeners) listener(entry);
  }

  return {
    add(service, line) {
      const entry = readLine(service, line, nowMs());
      if (entry !== undefined) record(entry);
    },
    addProblem: (text) => record({ kind: 'problem', atMs: nowMs(), text }),
    onEntry(listener) {
      listeners.add(listener);
    },
    find<Found extends Entry>(fits: (entry: Entry) => entry is Found, sinceMs: number, timeoutMs: number) {
      const known = entries.find((entry): entry is Found => entry.atMs >= sinceMs && fits(entry));
      if (known !== undefined) return Promise.resolve(known);
      return new Promise<Found | undefined>((settle) => {
        const end = (found: Found | undefined) => {
          clearTimeout(timer);
          listeners.delete(listener);
          settle(found);
        };
        const listener = (entry: Entry) => {
          if (fits(entry)) end(entry);
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
  readonly purgeId?: string;
  readonly [field: string]: unknown;
}

function readLine(service: string, text: string, atMs: number): Entry | undefined {
  const line = parse(text);
  if (line === undefined) return undefined;
  const changeId = line.change?.id ?? '';
  switch (line.message) {
    case enqueueEvents.changeQueued:
      return { kind: 'queued', atMs, changeId, action: line.change?.action ?? '', urls: line.urls ?? [] };
    case enqueueEvents.changeUnmatched:
      return { kind: 'unmatched', atMs, changeId };
    case submitEvents.purgeAccepted:
      return { kind: 'purged', atMs, purgeId: line.purgeId ?? '?', purge: line as unknown as LoggedPurge };
  }
  // The runtime's own report of an error is an object; the stack sees that by itself.
  const isProblem = line.level === 'WARN' || line.level === 'ERROR';
  if (!isProblem || typeof line.message !== 'string') return undefined;
  return {
    kind: 'problem',
    atMs,
    text: `${line.service ?? service}: ${line.message} ${JSON.stringify(details(line))}`,
  };
}

function parse(text: string): Line | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}

/** What is particular to a line: what Powertools adds to every one is left out. */
function details(line: Line): Record<string, unknown> {
  const common = ['level', 'message', 'service', 'timestamp', 'sampling_rate', 'cold_start'];
  return Object.fromEntries(
    Object.entries(line).filter(([name]) => !common.includes(name) && !name.startsWith('function_')),
  );
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
