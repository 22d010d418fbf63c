import { groupBy } from '../../model/group-by.ts';
import { halve } from '../planned-request.ts';
import type { Failure } from './failure.ts';
import { type Court, isDear, judge, questionScope, turnOf, waitsSinceMs } from './judge.ts';
import { type Turn, turns } from './scopes.ts';
import type { Suspect } from './suspect.ts';
import type { Suspects } from './suspects.ts';

/** So often may an entry be refused alone, without the vendor's code for it, while others like it are accepted. */
const mostRefusalsAlone = 3;
/** So often may an entry get no verdict alone while others like it are accepted. */
const mostSilencesAlone = 6;
/** The share of the requests for isolation for entries that come again alone: those with innocents among them go first. */
const shareAlone = 0.5;
/** For how long what costs more of the day's tokens than are left stays away, in seconds. */
const tokensDelaySeconds = 900;
/** For how long an entry that failed alone stays away: the first time, and at most, in seconds. */
const firstAloneSeconds = 3;
const longestAloneSeconds = 900;
/** The same where nothing was accepted meanwhile: it may not be the entry's fault. */
const longestUnprovenSeconds = 60;
/** For how long a scope is closed at most, where all of it is refused, and where CDN Pro may have failed as a whole. */
const longestClosureMs = 600_000;
const longestOutageClosureMs = 60_000;

/** What settling works with. */
export interface Settling extends Court {
  readonly suspects: Suspects;
}

/** Decides about suspects what can be decided, until nothing follows any more. */
export function settleSuspects(settling: Settling): void {
  const { suspects } = settling;
  let before: readonly Suspect[];
  do {
    before = suspects.waiting;
    settleOnce(settling);
  } while (before !== suspects.waiting);
}

function settleOnce(settling: Settling): void {
  const { suspects, evidence, nowMs } = settling;
  /** Scopes of which nothing was accepted since a request failed, and those for which an answer is due. */
  const unproven = new Set<string>();
  const waiting = new Set(suspects.underWay.map(({ key }) => key));
  for (const suspect of suspects.waiting) {
    const { key, state, isNamed } = suspect;
    if (state === 'held' || (state === 'failed' && settleFailed(suspect, settling) === 'unproven')) {
      unproven.add(key);
    } else if (!isNamed) waiting.add(key);
  }
  for (const key of new Set(suspects.waiting.map(({ key }) => key))) {
    for (const turn of turns) {
      if (evidence.scopes.isClosed(key, turn, nowMs)) shelveTurn(key, turn, undefined, settling);
    }
    if (unproven.has(key) && !waiting.has(key)) settleScope(key, settling);
  }
  for (const suspect of suspects.waiting) {
    if (!suspect.isPart || suspect.state !== 'ready') continue;
    const isAlone = suspect.request.entries.length === 1;
    const spentMs = spentForMs(suspect, isAlone, settling);
    if (spentMs > 0) shelveSpent(suspect, spentMs, settling);
  }
}

/** @returns for how long nothing more may be spent on a part, in milliseconds; none where something may be spent */
function spentForMs({ failure }: Suspect, isAlone: boolean, { evidence, nowMs }: Settling): number {
  const isRetriedAlone = isAlone && failure === undefined;
  return evidence.isolationFromMs(nowMs, isRetriedAlone ? shareAlone : 1) - nowMs;
}

/** @returns what is to be done with it, which is done already unless it is `unproven` or `ask-tokens` */
function settleFailed(suspect: Suspect, settling: Settling) {
  const { suspects } = settling;
  const { request, failure } = suspect;
  const judgment = judge(suspect, settling);
  if (judgment === 'retry' || failure === undefined) suspects.setReady(suspect);
  else if (judgment === 'too-dear') {
    suspects.shelve([suspect], { why: 'tokens', failure, delaySeconds: tokensDelaySeconds });
  } else if (judgment === 'invalid') suspects.reject(suspect, failure);
  else if (judgment === 'failed-alone') countFailureAlone(suspect, failure, settling);
  else if (judgment === 'take-apart') suspects.takeApart(suspect, halve(request), 'ready');
  return judgment;
}

/** Two failures count as one where nothing was accepted between them: they may have one cause, which is not the entry. */
function countFailureAlone(suspect: Suspect, failure: Failure, settling: Settling) {
  const { suspects, evidence, triesOf, nowMs } = settling;
  const { entries } = suspect.request;
  const triesBefore = Math.max(0, ...entries.map((planned) => triesOf(planned) ?? 0));
  if (triesBefore > 0 && !suspect.isSandwiched) {
    setAside(suspect, settling);
    return;
  }
  const tries = triesBefore + 1;
  if (tries >= (failure.kind === 'refused' ? mostRefusalsAlone : mostSilencesAlone)) {
    suspects.reject(suspect, failure);
    return;
  }
  evidence.suspect(entries, nowMs);
  const delaySeconds = Math.min(longestAloneSeconds, firstAloneSeconds * 4 ** (tries - 1));
  suspects.shelve([suspect], { why: 'failed-alone', failure, delaySeconds, tries });
}

function settleScope(key: string, settling: Settling): void {
  const { suspects } = settling;
  for (;;) {
    const scope = suspects.waiting.filter((suspect) => suspect.key === key && !suspect.isNamed);
    if (scope.length === 0) return;
    const step = questionScope(key, scope, settling);
    switch (step.kind) {
      case 'probe': {
        const { suspect, index } = step;
        const isPart = suspect.isPart || suspect.request.entries.length > 1;
        const spentMs = isPart ? spentForMs(suspect, true, settling) : 0;
        if (spentMs <= 0) {
          probe(suspect, index, suspects);
          return;
        }
        // Entry by entry, it would come again in as many requests. In halves is enough for what has failed.
        if (suspect.times > 0 && suspect.request.entries.length > 1) {
          suspects.takeApart(suspect, halve(suspect.request), 'held');
          return;
        }
        shelveSpent(suspect, spentMs, settling);
        break;
      }
      case 'set-aside':
        for (const suspect of step.alone) setAside(suspect, settling);
        return;
      case 'close':
        for (const turn of step.turns) {
          close(key, turn, step.last, settling);
          shelveTurn(key, turn, step.last?.failure, settling);
        }
    }
  }
}

function close(key: string, turn: Turn, last: Suspect | undefined, { evidence, nowMs }: Settling): void {
  const isOutage = last?.failure?.kind === 'no-verdict' && !evidence.anythingAcceptedSince(last.sinceMs ?? 0);
  evidence.scopes.close(key, turn, isOutage ? longestOutageClosureMs : longestClosureMs, nowMs);
}

/** Has one entry tried by itself. */
function probe(suspect: Suspect, index: number, suspects: Suspects): void {
  const { entries } = suspect.request;
  if (entries.length === 1) {
    suspects.setReady(suspect);
    return;
  }
  const parts = [{ entries: entries.slice(index, index + 1) }, { entries: entries.toSpliced(index, 1) }];
  suspects.takeApart(suspect, parts, suspect.state);
}

/** Has an entry that failed alone come again later, without a verdict on it: all may be well by then. */
function setAside(suspect: Suspect, { suspects, evidence, nowMs }: Settling): void {
  const { failure, request } = suspect;
  if (failure === undefined) return;
  const times = request.entries.map((planned) => evidence.failedAlone(planned, nowMs)?.times ?? 1);
  const growingSeconds = firstAloneSeconds * 2 ** (Math.max(...times) - 1);
  evidence.suspect(request.entries, nowMs);
  const longestSeconds = isDear(suspect) ? longestAloneSeconds : longestUnprovenSeconds;
  const delaySeconds = Math.min(longestSeconds, growingSeconds);
  suspects.shelve([suspect], { why: 'failed-alone', failure, delaySeconds });
}

/** Has what a closed scope has of a turn come again once it opens. */
function shelveTurn(key: string, turn: Turn, failure: Failure | undefined, settling: Settling): void {
  const { suspects, evidence, nowMs } = settling;
  const scope = suspects.waiting.filter(
    (suspect) => suspect.key === key && turnOfSuspect(suspect, settling) === turn,
  );
  const byDelay = groupBy(scope, ({ request }) => {
    const sinceMs = Math.min(...request.entries.map((planned) => waitsSinceMs(planned, settling)));
    return Math.ceil(evidence.scopes.delayMs(key, turn, sinceMs, nowMs) / 1000);
  });
  for (const [delaySeconds, group] of byDelay) {
    const shelved = { why: 'refused-alike', delaySeconds } as const;
    suspects.shelve(group, failure === undefined ? shelved : { ...shelved, failure });
  }
}

/** What has failed just now has had its turn. */
function turnOfSuspect({ turn, request }: Suspect, settling: Settling): Turn {
  const isNew = request.entries.some((planned) => turnOf(planned, settling) === 'new');
  return turn ?? (isNew ? 'new' : 'failed');
}

/** Shelves what is not tried while enough requests were spent on parts. A part stays one when it comes again. */
function shelveSpent(suspect: Suspect, spentMs: number, { suspects, evidence, nowMs }: Settling): void {
  const { request, isPart, failure } = suspect;
  if (isPart) evidence.suspect(request.entries, nowMs);
  const shelved = { why: 'isolation', delaySeconds: Math.ceil(spentMs / 1000) } as const;
  suspects.shelve([suspect], failure === undefined ? shelved : { ...shelved, failure });
}
