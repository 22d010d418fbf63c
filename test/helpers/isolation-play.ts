import { entryKey } from '../../functions/core/model/entry-key.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import type { PlannedEntry, PlannedRequest } from '../../functions/core/planning/planned-request.ts';
import { Evidence } from '../../functions/core/planning/refusals/evidence.ts';
import type { Failure } from '../../functions/core/planning/refusals/failure.ts';
import { Isolation, type IsolationOptions } from '../../functions/core/planning/refusals/isolate.ts';
import { keepApart } from '../../functions/core/planning/refusals/keep-apart.ts';
import type { BodySize } from '../../functions/core/planning/refusals/learned-limits.ts';

/** What CDN Pro makes of a request: undefined where it accepts it. */
export type Verdict = (entries: readonly PurgeEntry[], nowMs: number) => Failure | undefined;

/** Options of {@link playIsolation}. */
export interface PlayOptions {
  readonly verdict: Verdict;
  /** Requests of each batch; batches are a minute apart. */
  readonly batches: readonly (readonly PlannedRequest[])[];
  readonly evidence?: Evidence;
  /**
   * Takes a mechanism away, to show that it would be seen.
   * @default the real one
   */
  readonly createIsolation?: (options: IsolationOptions) => Isolation;
  /**
   * What is left of the day's files, where it can be read.
   * @default as many as one wants
   */
  readonly filesLeft?: number;
  /**
   * How long what is shelved may come back for, in milliseconds.
   * @default an hour
   */
  readonly lastingMs?: number;
}

/** What came of it. */
export interface Played {
  readonly sent: {
    readonly texts: readonly string[];
    readonly failure: Failure | undefined;
    readonly atMs: number;
  }[];
  readonly accepted: Set<string>;
  readonly rejected: { readonly text: string; readonly failure: Failure }[];
  /** Times that tokens were read. */
  asked: number;
  /** Why requests were shelved, in the order in which they were. */
  readonly shelved: {
    readonly why: string;
    readonly texts: readonly string[];
    readonly delaySeconds: number;
  }[];
  readonly tooLarge: { readonly refused: BodySize; readonly accepted: BodySize }[];
  /** What waits at the end. */
  readonly waiting: Set<string>;
}

const textsOf = ({ entries }: PlannedRequest) => entries.map(({ entry }) => entryText(entry));
const requestMs = 100;
const pauseMs = 2000;
/** After so long a batch ends, and what is left of it comes again. */
const batchMs = 240_000;

/**
 * Plays isolation against a CDN Pro that gives verdicts, without slots and stores: one request at a time, 100 ms each,
 * 2 s of pause after one without a verdict. What is shelved comes again after its delay, kept apart where it has to be.
 */
export function playIsolation({
  verdict,
  batches,
  evidence = new Evidence({ isolationRequests: 13 }),
  createIsolation = (options) => new Isolation(options),
  filesLeft = 1e6,
  lastingMs = 3_600_000,
}: PlayOptions): Played {
  const played: Played = {
    sent: [],
    accepted: new Set(),
    rejected: [],
    asked: 0,
    shelved: [],
    tooLarge: [],
    waiting: new Set(),
  };
  const tries = new Map<string, number>();
  let returning = batches.map((requests, index) => ({ requests, atMs: index * 60_000, isApart: false }));
  let nowMs = 0;
  for (;;) {
    const [first] = returning.sort((a, b) => a.atMs - b.atMs);
    if (first === undefined || first.atMs > lastingMs) break;
    nowMs = Math.max(nowMs, first.atMs);
    const due = returning.filter(({ atMs }) => atMs <= nowMs);
    returning = returning.filter(({ atMs }) => atMs > nowMs);
    playBatch(due);
  }
  for (const { requests } of returning)
    for (const text of requests.flatMap(textsOf)) played.waiting.add(text);
  return played;

  function playBatch(due: typeof returning): void {
    const isolation = createIsolation({
      evidence,
      triesOf: ({ entry }: PlannedEntry) => tries.get(entryKey(entry)),
      changedMsOf: () => 0,
      priceOf: ({ entries }) => ({ files: entries.length, dirs: 0 }),
    });
    const marked = new Set(due.flatMap(({ requests, isApart }) => (isApart ? requests : [])));
    const isMarked = (planned: PlannedEntry) => [...marked].some(({ entries }) => entries.includes(planned));
    const all = due.flatMap(({ requests }) => requests);
    const { innocent, suspect } = keepApart(all, evidence, isMarked, nowMs);
    for (const request of suspect) isolation.hold(request, 'suspect', nowMs);
    let normal = innocent;
    const deadlineMs = nowMs + batchMs;
    for (;;) {
      normal = [...conclude(isolation), ...normal];
      if (nowMs >= deadlineMs) {
        requeueRest(normal, isolation);
        return;
      }
      const target = isolation.wantedTokens(nowMs);
      if (target !== undefined) {
        nowMs += requestMs;
        played.asked++;
        evidence.noteTokens(target, { tokens: { files: filesLeft, dirs: 1e6 } }, nowMs);
        continue;
      }
      const questioned = isolation.questionedOf(normal, nowMs);
      for (const request of questioned) isolation.hold(request, 'scope', nowMs);
      normal = normal.filter((request) => !questioned.includes(request));
      if (questioned.length > 0) continue;
      const request = normal[0] ?? isolation.next(1)[0];
      if (request === undefined) {
        if (isolation.waiting.length > 0) throw new Error('nothing to send, and something waits');
        return;
      }
      normal = normal.filter((each) => each !== request);
      send(request, isolation);
    }
  }

  function requeueRest(normal: readonly PlannedRequest[], isolation: Isolation): void {
    const apart = new Set(isolation.apart);
    for (const request of [...normal, ...isolation.waiting]) {
      returning.push({ requests: [request], atMs: nowMs, isApart: apart.has(request) });
    }
  }

  function send(request: PlannedRequest, isolation: Isolation): void {
    isolation.start(request);
    const failure = verdict(
      request.entries.map(({ entry }) => entry),
      nowMs,
    );
    nowMs += requestMs;
    played.sent.push({ texts: textsOf(request), failure, atMs: nowMs });
    if (failure === undefined) {
      isolation.accepted(request, nowMs);
      for (const text of textsOf(request)) played.accepted.add(text);
    } else {
      isolation.failed(request, failure, nowMs);
      if (failure.kind === 'no-verdict') nowMs += pauseMs;
    }
  }

  /** @returns requests to be sent as all others */
  function conclude(isolation: Isolation): readonly PlannedRequest[] {
    const released: PlannedRequest[] = [];
    for (const conclusion of isolation.conclude(nowMs)) {
      if (conclusion.kind === 'too-large') played.tooLarge.push(conclusion);
      else if (conclusion.kind === 'release') released.push(...conclusion.requests);
      else if (conclusion.kind === 'reject') {
        const { entries, failure } = conclusion;
        played.rejected.push(...entries.map(({ entry }) => ({ text: entryText(entry), failure })));
      } else {
        const { requests, delaySeconds, why, tries: counted } = conclusion;
        played.shelved.push({ why, texts: requests.flatMap(textsOf), delaySeconds });
        const isApart = why === 'failed-alone' || why === 'isolation';
        returning.push({ requests, atMs: nowMs + delaySeconds * 1000, isApart });
        if (counted === undefined) continue;
        for (const { entry } of requests.flatMap(({ entries }) => entries))
          tries.set(entryKey(entry), counted);
      }
    }
    return released;
  }
}
