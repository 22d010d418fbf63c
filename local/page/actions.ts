import { LocalStackError } from '../aws/template/errors.ts';
import type { LocalCdn } from '../demo/cdn.ts';
import type { LocalContext } from '../demo/samples/local-context.ts';
import type { Sample } from '../demo/samples/sample.ts';
import { placeOf, sendWebhook } from '../demo/samples/steps/make-change.ts';
import type { Timeline } from '../demo/timeline/timeline.ts';
import { isPageUrl } from './servers.ts';
import type { ActionView } from './view.ts';

/** Something that a button does. */
interface Action extends Omit<ActionView, 'unavailable'> {
  /** @returns why it cannot be done now, or with this configuration */
  readonly obstacle: () => string | undefined;
  /** @returns what was done, in a sentence */
  readonly run: () => Promise<string>;
}

/** What buttons do. */
export interface Actions {
  readonly views: () => readonly ActionView[];
  /** @returns what was done, in a sentence; undefined for an unknown action. @throws LocalStackError for one that cannot be done now */
  readonly run: (name: string) => Promise<string> | undefined;
  /** Until then nothing can be done: the samples would meet changes that they did not make. */
  readonly open: () => void;
}

/** What actions work with. */
export interface ActionOptions {
  readonly samples: readonly Sample[];
  readonly context: LocalContext;
  readonly breakDown: LocalCdn['breakDown'];
  /** Called with the pages that an action has changed. */
  readonly onChanged: (urls: readonly string[]) => void;
}

/** @returns the actions; none can be done before they are opened */
export function createActions(options: ActionOptions): Actions {
  const actions = [uploadAction(options), publishAction(options), ...outageActions(options)];
  let isOpen = false;
  const obstacleTo = (action: Action) => action.obstacle() ?? (isOpen ? undefined : 'the samples run first');
  return {
    views: () =>
      actions.map((action) => {
        const { name, label, what } = action;
        const reason = obstacleTo(action);
        return { name, label, what, ...(reason !== undefined && { unavailable: reason }) };
      }),
    run(name) {
      const action = actions.find((each) => each.name === name);
      if (action === undefined) return undefined;
      const reason = obstacleTo(action);
      if (reason !== undefined) throw new LocalStackError(`${action.label}: ${reason}`);
      return action.run();
    },
    open: () => {
      isOpen = true;
    },
  };
}

function impossible(names: Pick<Action, 'name' | 'label'>, reason: string): Action {
  return { ...names, what: reason, obstacle: () => reason, run: async () => reason };
}

const none = () => undefined;

/** A new version of the object of the first sample. */
function uploadAction({ samples, context, onChanged }: ActionOptions): Action {
  const sample = samples.find((each): each is Sample & { kind: 'put' } => each.kind === 'put');
  const { origin, timeline, objects } = context;
  const common = { name: 'upload', label: 'Upload a file' };
  if (sample === undefined || objects.length === 0) {
    return impossible(common, 'no rule of this configuration has a sample of an upload');
  }
  const object = placeOf(sample, objects);
  const id = `s3://${object.bucket}/${object.key}`;
  const shown = followPages(timeline, (changeId) => changeId === id);
  let version = 0;
  return {
    ...common,
    what: `puts a new version of ${id}`,
    obstacle: none,
    async run() {
      await visitAll(shown.pages(), context);
      version++;
      shown.onChanged(onChanged);
      await origin.put(object, pageOf(version));
      return `Version ${version} uploaded: ${id}`;
    },
  };
}

/** A new version of the entry of the first sample that a CMS sends. */
function publishAction({ samples, context, onChanged }: ActionOptions): Action {
  const sample = samples.find((each) => each.kind === 'webhook');
  const common = { name: 'publish', label: 'Publish an entry' };
  if (sample === undefined) {
    return impossible(common, 'no rule of this configuration has a sample of a webhook');
  }
  const shown = followPages(context.timeline, (changeId) => sample.body.includes(`"${changeId}"`));
  let version = 0;
  return {
    ...common,
    what: `sends a signed webhook of ${sample.webhook}`,
    obstacle: none,
    async run() {
      await visitAll(shown.pages(), context);
      const { status, queued, answer } = await sendWebhook(sample, context);
      if (status >= 300) {
        throw new LocalStackError(`The webhook ${sample.webhook} was answered ${status}: ${answer}`);
      }
      version++;
      const pages = queued.flatMap(({ url = '' }) => (isPageUrl(url) ? [url] : []));
      for (const url of pages) await context.origin.render(url, pageOf(version));
      onChanged(pages);
      return `Version ${version} published: ${pages.length} pages rendered`;
    },
  };
}

/** The pages that show an object or entry, as its changes say. */
function followPages(timeline: Timeline, isIts: (changeId: string) => boolean) {
  let pages: readonly string[] = [];
  let listener: (pages: readonly string[]) => void = () => {};
  timeline.onEntry((entry) => {
    if (entry.kind !== 'queued' || !isIts(entry.changeId)) return;
    pages = entry.urls.filter(isPageUrl);
    listener(pages);
  });
  return {
    pages: () => pages,
    onChanged: (call: typeof listener) => {
      listener = call;
    },
  };
}

function outageActions({ breakDown }: ActionOptions): readonly Action[] {
  let isBroken = false;
  const action = (
    toBreak: boolean,
    words: Pick<Action, 'name' | 'label' | 'what'>,
    done: string,
  ): Action => ({
    ...words,
    obstacle() {
      if (breakDown === undefined) return 'the API is not the simulator';
      if (toBreak === isBroken) return isBroken ? 'it is broken' : 'it works';
      return undefined;
    },
    async run() {
      isBroken = toBreak;
      breakDown?.(isBroken);
      return done;
    },
  });
  const broken = { name: 'break', label: 'Break CDN Pro', what: 'lets it answer 503 to everything' };
  const repaired = { name: 'repair', label: 'Repair CDN Pro', what: 'lets it work again' };
  return [
    action(true, broken, 'CDN Pro answers 503 to everything: changes wait'),
    action(false, repaired, 'CDN Pro works again'),
  ];
}

/** Lets all edges keep the version that is about to become old. */
async function visitAll(urls: readonly string[], { edges }: LocalContext): Promise<void> {
  await Promise.allSettled(urls.flatMap((url) => edges.map((edge) => edge.get(url))));
}

function pageOf(version: number): string {
  return `<!doctype html><title>Version ${version}</title><p>Version ${version} of the page.</p>\n`;
}
