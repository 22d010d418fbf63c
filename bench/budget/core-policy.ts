import {
  type Limits,
  type LimitsState,
  markAnswers,
  noteDirectories,
  reserveRequest,
  unusedLimits,
} from '../../functions/core/limits/limits.ts';
import { sendOrPark, type TokenRequest } from '../../functions/core/limits/send-or-park.ts';
import { strictestLimits } from '../../functions/core/limits/shared-limit.ts';
import { classify, senderOf } from '../../functions/core/limits/tokens/lane.ts';
import {
  freshQuota,
  quotaOf,
  spendableTokens,
  type Tokens,
} from '../../functions/core/limits/tokens/quota.ts';
import { noteTallies, noteWaiting, senderIn } from '../../functions/core/limits/tokens/senders.ts';
import { lanes } from '../../functions/core/model/lanes.ts';
import type { Lane } from '../../functions/core/model/types.ts';
import { convertWaiting, createKnownFiles } from './conversion.ts';
import { type BudgetChange, type BudgetLoad, minuteMs } from './loads.ts';
import type { BudgetOutcome, Spending } from './outcome.ts';

/** How long changes gather before they are decided on, as the event source's batching window has it. */
const gatherMs = 2000;
/** From a reservation to the latest arrival of its request, and to its answer in this simulation. */
const guardMs = 13_000;
const answerMs = 200;
const clockDifferenceMs = 2000;
/** URLs of a request while requests are plentiful, and the most. */
const fewUrls = 100;
const mostUrls = 1000;

interface Waiting extends TokenRequest {
  readonly url: string;
  /** The changes that wait for its purge. */
  readonly indices: number[];
}

/**
 * The decisions of the limits alone, without queues, tables and crashes around them: lanes, tokens, window and bucket.
 * What cannot be paid for is parked, and released on minutes.
 * @param convertInShortage what the URLs of directories begin with that may replace files
 */
export function limitsAlone(
  policy: string,
  load: BudgetLoad,
  limits: Limits,
  convertInShortage: readonly string[] = [],
): BudgetOutcome {
  const world = createWorld(load, limits, convertInShortage);
  const { changes } = load;
  let next = 0;
  let nowMs = 0;
  for (;;) {
    const arrivalMs = changes[next] === undefined ? Infinity : (changes[next]?.atMs ?? 0) + gatherMs;
    const tickMs = world.isParked() ? (Math.floor(nowMs / minuteMs) + 1) * minuteMs : Infinity;
    nowMs = Math.min(arrivalMs, tickMs);
    if (nowMs === Infinity) break;
    if (nowMs < arrivalMs) {
      world.tick(nowMs);
      continue;
    }
    const first = next;
    while ((changes[next]?.atMs ?? Infinity) <= nowMs) next++;
    world.submit(first, changes.slice(first, next), nowMs);
  }
  return { policy, rejected: 0, ...world.outcome() };
}

function createWorld({ changes }: BudgetLoad, limits: Limits, convertInShortage: readonly string[]) {
  let state: LimitsState = unusedLimits(limits, 0);
  const purgedMs = new Float64Array(changes.length).fill(Number.NaN);
  const spent: Spending[] = [];
  let requests = 0;
  const parked = new Map<string, Waiting>();
  const knownFiles = createKnownFiles();
  let unchanged = 0;
  let converted = 0;

  function lanesOf(batch: readonly BudgetChange[], nowMs: number): readonly Lane[] {
    return batch.map(({ change }) => {
      const sender = senderOf(change) ?? '';
      const { lane, tallies } = classify(change, 1, senderIn(state.senders, sender), nowMs);
      state = { ...state, senders: noteTallies(state.senders, sender, tallies, nowMs) };
      return lane;
    });
  }

  function decide(items: readonly Waiting[], nowMs: number): void {
    const directories = items.flatMap(({ directory }) => directory ?? []);
    const decided = sendOrPark(items, (item) => item, state, limits, nowMs);
    state = { ...state, directories: noteDirectories(state.directories, directories, nowMs) };
    for (const { item } of decided.park) park(item);
    for (const item of decided.send) parked.delete(item.url);
    send(decided.send, nowMs);
  }

  function park(item: Waiting): void {
    const known = parked.get(item.url);
    if (known === undefined) parked.set(item.url, item);
    else if (known !== item) {
      const isFirst = lanes.indexOf(item.lane) < lanes.indexOf(known.lane);
      known.indices.push(...item.indices);
      if (isFirst) parked.set(item.url, { ...known, lane: item.lane });
    }
  }

  function send(items: readonly Waiting[], nowMs: number): void {
    const urls = items.length > mostUrls ? mostUrls : fewUrls;
    let atMs = nowMs;
    for (const lane of lanes) {
      const ofLane = items.filter((item) => item.lane === lane);
      for (let from = 0; from < ofLane.length; from += urls) {
        atMs = sendOne(ofLane.slice(from, from + urls), lane, urls, atMs);
      }
    }
  }

  function sendOne(items: readonly Waiting[], lane: Lane, urls: number, fromMs: number): number {
    const files = items.filter(({ kind }) => kind === 'file').length;
    const price = { files, dirs: items.length - files };
    const senders: Record<string, Tokens> = {};
    for (const { sender = '', kind } of items) {
      const { files, dirs } = senders[sender] ?? { files: 0, dirs: 0 };
      senders[sender] = kind === 'file' ? { files: files + 1, dirs } : { files, dirs: dirs + 1 };
    }
    const fillRatio = Math.min(1, items.length / urls);
    const oldestChangeMs = Math.min(...items.map(({ sinceMs }) => sinceMs));
    const request = { lane, target: 'production', price, senders, fillRatio, oldestChangeMs } as const;
    for (let nowMs = fromMs; ; ) {
      const reservation = reserveRequest(state, limits, request, { guardMs, nowMs });
      if (reservation.kind === 'short') {
        for (const item of items) park(item);
        return nowMs;
      }
      if (reservation.kind === 'wait') {
        nowMs = reservation.untilMs;
        continue;
      }
      const { slot } = reservation;
      const answeredMs = nowMs + answerMs;
      state = markAnswers(reservation.state, limits, [{ slot, answeredMs }], clockDifferenceMs);
      for (const { indices } of items) for (const index of indices) purgedMs[index] = nowMs;
      spent.push({ atMs: nowMs, ...price });
      requests++;
      return nowMs;
    }
  }

  /** In a shortage, directories go in place of files that wait. */
  function convert(nowMs: number): void {
    for (const { entry, replaced } of convertWaiting(
      parked.values(),
      convertInShortage,
      state,
      limits,
      nowMs,
    )) {
      const items = replaced.map(({ item }) => item);
      const { url, kind, target } = entry;
      const sinceMs = Math.min(...items.map((item) => item.sinceMs));
      const indices = items.flatMap((item) => item.indices);
      for (const item of items) parked.delete(item.url);
      unchanged += Math.max(0, knownFiles.below(url) - items.length);
      converted += items.length;
      send([{ url, kind, target, lane: 'bulk', sinceMs, sender: undefined, indices }], nowMs);
    }
  }

  /** Of what is parked, as much as could be paid for: the rest would only be sorted in vain. */
  function payable(nowMs: number): readonly Waiting[] {
    const quotaState = state.quotas.production ?? freshQuota;
    const quota = quotaOf(quotaState, strictestLimits(state.window, limits).quota.production);
    const spendable = new Map(
      lanes.map((lane) => [lane, spendableTokens(quotaState, quota, lane, nowMs).files]),
    );
    const counts = new Map<string, number>();
    const waiting: Waiting[] = [];
    for (const item of parked.values()) {
      const { lane, kind, sender } = item;
      const most = kind === 'file' ? (spendable.get(lane) ?? 0) : Infinity;
      if (most === 0) continue;
      const key = `${lane} ${kind} ${sender}`;
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      if (count <= most) waiting.push(item);
    }
    return waiting;
  }

  return {
    isParked: () => parked.size > 0,
    submit(first: number, batch: readonly BudgetChange[], nowMs: number): void {
      const items = new Map<string, Waiting>();
      const known = lanesOf(batch, nowMs);
      for (const [offset, { entry, atMs, change }] of batch.entries()) {
        const url = entry.kind === 'regex' ? entry.pattern : entry.url;
        const lane = known[offset] ?? 'bulk';
        const item = items.get(url);
        if (convertInShortage.length > 0) knownFiles.note(url, change.action);
        if (item !== undefined) item.indices.push(first + offset);
        else {
          const sender = senderOf(change);
          const directory = entry.kind === 'file' ? {} : { directory: url };
          const { kind, target } = entry;
          items.set(url, {
            url,
            kind,
            target,
            lane,
            sinceMs: atMs,
            sender,
            indices: [first + offset],
            ...directory,
          });
        }
      }
      // What waits already is purged for both.
      const isNew = (item: Waiting) => !parked.has(item.url);
      const all = [...items.values()];
      for (const item of all) if (!isNew(item)) park(item);
      decide(all.filter(isNew), nowMs);
    },
    tick(nowMs: number): void {
      const waiting = payable(nowMs);
      if (waiting.length > 0) decide(waiting, nowMs);
      if (convertInShortage.length > 0) convert(nowMs);
      const senders = { files: new Set<string>(), dirs: new Set<string>() };
      for (const { sender, kind } of parked.values()) {
        if (sender !== undefined) senders[kind === 'file' ? 'files' : 'dirs'].add(sender);
      }
      for (const kind of ['files', 'dirs'] as const) {
        state = { ...state, senders: noteWaiting(state.senders, [...senders[kind]], nowMs, [kind]) };
      }
    },
    outcome: () => ({ purgedMs, spent, requests, unchanged, converted }),
  };
}
