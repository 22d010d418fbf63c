import type { Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { type BudgetChange, type BudgetLoad, dayMs, minuteMs } from './loads.ts';
import type { BudgetOutcome, Spending } from './outcome.ts';

/** The most URLs of a request. */
const mostUrls = 1000;
type Kind = keyof Tokens;
const kindOf = ({ entry }: BudgetChange): Kind => (entry.kind === 'file' ? 'files' : 'dirs');
const urlOf = ({ entry }: BudgetChange) => (entry.kind === 'regex' ? entry.pattern : entry.url);

/** A policy that knows of tokens, each kind for itself: what waits goes in one queue, the oldest first. */
function inOneQueue(
  policy: string,
  { changes }: BudgetLoad,
  quota: Tokens,
  nextTokenMs: (spentMs: readonly number[], quota: number) => number,
): BudgetOutcome {
  const purgedMs = new Float64Array(changes.length).fill(Number.NaN);
  const spent: Spending[] = [];
  for (const kind of ['files', 'dirs'] as const) {
    const spentMs: number[] = [];
    const waiting = new Map<string, number[]>();
    const ofKind = changes.flatMap((change, index) => (kindOf(change) === kind ? [{ change, index }] : []));
    for (let next = 0; next < ofKind.length || waiting.size > 0; ) {
      const head = waiting.size > 0 ? 0 : (ofKind[next]?.change.atMs ?? 0);
      const atMs = Math.max(nextTokenMs(spentMs, quota[kind]), spentMs.at(-1) ?? 0, head);
      for (let each = ofKind[next]; each !== undefined && each.change.atMs <= atMs; each = ofKind[++next]) {
        const url = urlOf(each.change);
        waiting.set(url, [...(waiting.get(url) ?? []), each.index]);
      }
      const [first] = waiting;
      if (first === undefined) continue;
      waiting.delete(first[0]);
      for (const index of first[1]) purgedMs[index] = atMs;
      spentMs.push(atMs);
    }
    for (const atMs of spentMs) spent.push({ atMs, files: 0, dirs: 0, [kind]: 1 });
  }
  spent.sort((a, b) => a.atMs - b.atMs);
  return { policy, purgedMs, spent, requests: requestsFor(spent), rejected: 0 };
}

/** @returns how many requests carry what is spent in one minute each */
function requestsFor(spent: readonly Spending[]): number {
  let requests = 0;
  let minute = Number.NaN;
  let urls = 0;
  for (const { atMs } of spent) {
    const at = Math.floor(atMs / minuteMs);
    if (at !== minute || ++urls > mostUrls) {
      minute = at;
      urls = 1;
      requests++;
    }
  }
  return requests;
}

/** All that waits goes as soon as there is a token. */
export function oneQueue(load: BudgetLoad, quota: Tokens): BudgetOutcome {
  return inOneQueue('one queue, at once', load, quota, (spentMs, most) => {
    const oldestMs = spentMs[spentMs.length - most];
    return oldestMs === undefined ? 0 : oldestMs + dayMs;
  });
}

/** The day's tokens are spread evenly over the day. */
export function evenSpread(load: BudgetLoad, quota: Tokens): BudgetOutcome {
  return inOneQueue('even spread', load, quota, (spentMs, most) => (spentMs.at(-1) ?? 0) + dayMs / most);
}

/**
 * Without knowledge of tokens: all changes of a few seconds go at once. CDN Pro refuses what is beyond the quota with
 * 400, and all of that is taken for bad URLs.
 */
export function withoutTokens({ changes }: BudgetLoad, quota: Tokens): BudgetOutcome {
  const purgedMs = new Float64Array(changes.length).fill(Number.NaN);
  const spent: Spending[] = [];
  const spentMs: Record<Kind, number[]> = { files: [], dirs: [] };
  const lastMs = new Map<string, number>();
  let rejected = 0;
  for (const [index, change] of changes.entries()) {
    const kind = kindOf(change);
    const atMs = Math.floor(change.atMs / 2000) * 2000 + 2000;
    // What a request lists already.
    if (lastMs.get(urlOf(change)) === atMs) {
      purgedMs[index] = atMs;
      continue;
    }
    const oldestMs = spentMs[kind][spentMs[kind].length - quota[kind]];
    if (oldestMs !== undefined && oldestMs > atMs - dayMs) {
      rejected++;
      continue;
    }
    lastMs.set(urlOf(change), atMs);
    spentMs[kind].push(atMs);
    spent.push({ atMs, files: 0, dirs: 0, [kind]: 1 });
    purgedMs[index] = atMs;
  }
  return { policy: 'as it was', purgedMs, spent, requests: requestsFor(spent), rejected };
}
