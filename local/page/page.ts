import type { LocalCdn } from '../demo/cdn.ts';
import type { Ready } from '../demo/ready.ts';
import type { LocalContext } from '../demo/samples/local-context.ts';
import type { Sample } from '../demo/samples/sample.ts';
import { createActions } from './actions.ts';
import { pageAssets } from './assets.ts';
import { createFeed, type Feed } from './feed.ts';
import { localPurger } from './overview.ts';
import { servePage } from './server.ts';

/** What the page shows, and works with. */
export interface PageOptions {
  readonly title: string;
  readonly ready: Ready;
  readonly context: LocalContext;
  readonly cdn: LocalCdn;
  readonly samples: readonly Sample[];
}

/** The page of a running stack. */
export interface StackPage {
  readonly url: string;
  /** Enables its buttons: before, the samples would meet changes that they did not make. */
  readonly openActions: () => void;
  readonly stop: () => Promise<void>;
}

/** Serves the page of a running stack on 127.0.0.1. */
export async function startPage({ title, ready, context, cdn, samples }: PageOptions): Promise<StackPage> {
  const { timeline, origin, edges, nowMs } = context;
  const feed: Feed = createFeed({
    title,
    timeline,
    purger: localPurger(ready),
    edges,
    peek: cdn.peek,
    fetchOrigin: (url) => origin.fetch(url),
    actions: () => actions.views(),
    nowMs,
  });
  const actions = createActions({ samples, context, breakDown: cdn.breakDown, onChanged: feed.visit });
  let assets: ReturnType<typeof pageAssets> | undefined;
  const server = await servePage({
    assets: () => {
      assets ??= pageAssets();
      return assets;
    },
    feed,
    actions: { run: (name) => actions.run(name)?.finally(feed.update) },
  });
  return {
    url: `${server.url}/`,
    openActions: actions.open,
    async stop() {
      feed.stop();
      await server.stop();
    },
  };
}
