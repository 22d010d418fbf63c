import { type Entry, type LoggedPurge, purgedBy } from '../demo/timeline/timeline.ts';
import type { ChangeStage, ChangeView, ProblemView, PurgeStage, PurgeView } from './view.ts';

/** So much is kept; older changes leave, and purges that no change is in. */
const most = { changes: 30, purges: 30, problems: 5, urls: 4 };

interface Change {
  readonly id: string;
  readonly atMs: number;
  readonly action: string;
  readonly reason?: string;
  readonly urls: readonly string[];
  /** The newest purge that each of them is in since; missing for those that wait. */
  readonly purgeOf: ReadonlyMap<string, string>;
}

interface Purge {
  readonly id: string;
  readonly atMs: number;
  readonly stage: PurgeStage;
  /** Missing while it is not known what was accepted: a purge can end before it is logged. */
  readonly purge?: LoggedPurge;
  readonly note?: string;
}

/** What the timeline has said, as far as the page shows it; the newest first. */
export interface PageState {
  readonly changes: readonly Change[];
  readonly purges: readonly Purge[];
  readonly problems: readonly ProblemView[];
}

/** Nothing has happened. */
export const emptyState: PageState = { changes: [], purges: [], problems: [] };

/** @returns the state after one more entry of the timeline */
export function applyEntry(state: PageState, entry: Entry): PageState {
  switch (entry.kind) {
    case 'queued': {
      const { changeId: id, atMs, action, urls } = entry;
      return addChange(state, { id, atMs, action, urls: [...new Set(urls)], purgeOf: new Map() });
    }
    case 'unmatched':
      return addIgnored(state, entry, 'no rule matches it');
    case 'excepted':
      return addIgnored(state, entry, 'an exception of its rule leaves it out');
    case 'accepted':
      return accept(state, entry);
    case 'finished':
      return updatePurge(state, entry, { stage: entry.kind });
    case 'ended': {
      const note = entry.proof ?? entry.reason;
      return updatePurge(state, entry, { stage: entry.end, ...(note !== undefined && { note }) });
    }
    case 'repeated':
      return updatePurge(state, entry, { note: 'purged once more: an edge may have fetched old content' });
    case 'repaired':
      return updatePurge(state, entry, { note: `purged again: ${entry.reason ?? 'it was incomplete'}` });
    case 'problem':
      return addProblem(state, entry);
    case 'parked':
    case 'released':
      return state;
  }
}

function addChange(state: PageState, change: Change): PageState {
  return trim({ ...state, changes: [change, ...state.changes] });
}

function addIgnored(
  state: PageState,
  { changeId: id, atMs }: { readonly changeId: string; readonly atMs: number },
  reason: string,
): PageState {
  return addChange(state, {
    id,
    atMs,
    action: '',
    reason,
    urls: [],
    purgeOf: new Map(),
  });
}

function accept(state: PageState, { purgeId, atMs, purge }: Entry & { kind: 'accepted' }): PageState {
  const purged = new Set(purgedBy(purge));
  const changes = state.changes.map((change) => {
    const named = change.urls.filter((url) => purged.has(url)).map((url) => [url, purgeId] as const);
    return named.length === 0 ? change : { ...change, purgeOf: new Map([...change.purgeOf, ...named]) };
  });
  return updatePurge({ ...state, changes }, { purgeId, atMs }, { purge, atMs });
}

const stages: readonly PurgeStage[] = ['accepted', 'finished', 'completed', 'fresh', 'superseded', 'failed'];

/** Entries come from several functions, in any order: a stage never goes back. */
function updatePurge(
  state: PageState,
  { purgeId: id, atMs }: { readonly purgeId: string; readonly atMs: number },
  news: Partial<Purge>,
): PageState {
  const known = state.purges.find((purge) => purge.id === id);
  const before: Purge = known ?? { id, atMs, stage: 'accepted' };
  const stage = stages[Math.max(stages.indexOf(before.stage), stages.indexOf(news.stage ?? 'accepted'))];
  const after: Purge = { ...before, ...news, stage: stage ?? before.stage };
  const purges =
    known === undefined
      ? [after, ...state.purges]
      : state.purges.map((purge) => (purge.id === id ? after : purge));
  return trim({ ...state, purges });
}

function addProblem(state: PageState, { message, atMs }: Entry & { kind: 'problem' }): PageState {
  const known = state.problems.find((problem) => kindOf(problem.message) === kindOf(message));
  const others = state.problems.filter((problem) => problem !== known);
  const problem = { message, atMs, count: (known?.count ?? 0) + 1 };
  return { ...state, problems: [problem, ...others].slice(0, most.problems) };
}

/** Without the fields, which differ each time. */
function kindOf(message: string): string {
  return message.replace(/ \(.*$/s, '');
}

/** A purge stays for as long as a change that is in it. */
function trim(state: PageState): PageState {
  const changes = state.changes.slice(0, most.changes);
  const needed = new Set(changes.flatMap(({ purgeOf }) => [...purgeOf.values()]));
  const purges = state.purges.filter((purge, index) => index < most.purges || needed.has(purge.id));
  return { ...state, changes, purges };
}

/** @returns what the page shows of a state */
export function viewOf(state: PageState): {
  readonly changes: readonly ChangeView[];
  readonly purges: readonly PurgeView[];
  readonly problems: readonly ProblemView[];
} {
  return {
    changes: state.changes.map((change) => changeView(change, state.purges)),
    purges: state.purges.flatMap(purgeView),
    problems: state.problems,
  };
}

function changeView(change: Change, purges: readonly Purge[]): ChangeView {
  const { id, atMs, action, reason, urls, purgeOf } = change;
  return {
    id,
    atMs,
    action,
    stage: stageOf(change, purges),
    ...(reason !== undefined && { reason }),
    urls: urls.slice(0, most.urls),
    urlCount: urls.length,
    waiting: urls.length - purgeOf.size,
  };
}

/**
 * A change is as far as the last of its URLs. One that is purged again is on its way again, since the second purge may show
 * that an edge has taken the old page back.
 */
function stageOf({ reason, urls, purgeOf }: Change, purges: readonly Purge[]): ChangeStage {
  if (reason !== undefined || urls.length === 0) return 'ignored';
  const ids = [...new Set(purgeOf.values())];
  const ends = ids.map((id) => purges.find((purge) => purge.id === id)?.stage ?? 'accepted');
  if (ends.includes('failed')) return 'failed';
  if (purgeOf.size < urls.length) return 'waiting';
  if (ends.every((stage) => stage === 'fresh')) return 'fresh';
  return ends.every((stage) => stage === 'completed' || stage === 'fresh') ? 'completed' : 'purging';
}

function purgeView({ id, atMs, stage, purge, note }: Purge): readonly PurgeView[] {
  if (purge === undefined) return [];
  const urls = purgedBy(purge);
  return [
    {
      id,
      atMs,
      stage,
      action: purge.action,
      urls: urls.slice(0, most.urls),
      urlCount: urls.length,
      ...(note !== undefined && { note }),
    },
  ];
}
