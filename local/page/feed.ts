import { setTimeout as sleep } from 'node:timers/promises';
import type { Purger } from '../../infra/cli/purger/connect.ts';
import type { Timeline } from '../demo/timeline/timeline.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import { readDeadLetters, readOverview } from './overview.ts';
import { isPageUrl, type LookedInto, lookAtServers } from './servers.ts';
import { applyEntry, emptyState, viewOf } from './state.ts';
import type { ActionView, PageView } from './view.ts';

/** How often the stack is looked at while somebody looks at the page, in milliseconds. */
const lookEveryMs = 500;
/** Entries that come within this time are shown together, in milliseconds. */
const gatherMs = 100;
/** So many of the URLs that changed last are looked at, whether servers keep them or not. */
const mostChanged = 40;

/** Options of a feed. */
export interface FeedOptions extends LookedInto {
  readonly title: string;
  readonly timeline: Timeline;
  readonly purger: Purger;
  readonly edges: readonly EdgeClient[];
  readonly actions: () => readonly ActionView[];
  readonly nowMs: () => number;
}

/** What the page shows, as it changes. */
export interface Feed {
  /** Calls the listener with what is to be shown, now and after each change. @returns a function that ends it */
  listen(listener: (view: PageView) => void): () => void;
  /** Shows at once what an action has changed. */
  update(): void;
  /** Lets visitors ask the edges for these pages from now on, for as long as somebody looks. */
  visit(urls: readonly string[]): void;
  stop(): void;
}

type Looked = Pick<PageView, 'overview' | 'deadLetters' | 'pages'>;

/** @returns a feed that nobody listens to */
export function createFeed(options: FeedOptions): Feed {
  const { title, timeline, actions } = options;
  const listeners = new Set<(view: PageView) => void>();
  const changed = new Set<string>();
  const visited = new Set<string>();
  const stopping = new AbortController();
  let state = emptyState;
  let looked: Looked = { deadLetters: [], pages: [] };
  let isLooking = false;
  let sent = '';
  let sending: NodeJS.Timeout | undefined;

  const view = (): PageView => ({ title, ...viewOf(state), ...looked, actions: actions() });
  function send(): void {
    clearTimeout(sending);
    sending = undefined;
    const now = view();
    const json = JSON.stringify(now);
    if (json === sent) return;
    sent = json;
    for (const listener of listeners) listener(now);
  }

  timeline.onEntry((entry) => {
    state = applyEntry(state, entry);
    if (entry.kind === 'queued') noteChanged(changed, entry.urls);
    if (listeners.size > 0) sending ??= setTimeout(send, gatherMs);
  });

  async function lookWhileSomebodyDoes(): Promise<void> {
    isLooking = true;
    while (listeners.size > 0 && !stopping.signal.aborted) {
      looked = await look({ ...options, looked, changed, visited });
      send();
      await sleep(lookEveryMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
    isLooking = false;
  }

  return {
    listen(listener) {
      listeners.add(listener);
      listener(view());
      if (!isLooking) void lookWhileSomebodyDoes();
      return () => listeners.delete(listener);
    },
    update: send,
    visit(urls) {
      for (const url of urls.filter(isPageUrl)) visited.add(url);
    },
    stop() {
      clearTimeout(sending);
      stopping.abort();
    },
  };
}

/** The newest first. */
function noteChanged(changed: Set<string>, urls: readonly string[]): void {
  const newest = [...urls.filter(isPageUrl), ...changed].slice(0, mostChanged);
  changed.clear();
  for (const url of newest) changed.add(url);
}

/** What cannot be looked at now, such as queues of a stack that stops, stays as it was. */
async function look({
  looked,
  changed,
  visited,
  purger,
  edges,
  nowMs,
  ...servers
}: FeedOptions & {
  readonly looked: Looked;
  readonly changed: ReadonlySet<string>;
  readonly visited: ReadonlySet<string>;
}): Promise<Looked> {
  try {
    const asked = [...visited].flatMap((url) => edges.map((edge) => edge.get(url)));
    const overview = await readOverview(purger, nowMs());
    await Promise.allSettled(asked);
    const isSame = overview.deadLetters === looked.overview?.deadLetters;
    const deadLetters = isSame ? looked.deadLetters : await readDeadLetters(purger);
    return { overview, deadLetters, pages: await lookAtServers(changed, servers) };
  } catch {
    return looked;
  }
}
