import type { EdgeAnswer, EdgeClient } from '../../edge/edge-client.ts';
import type { LocalObjects } from '../s3-source.ts';
import type { Entry, Timeline } from '../timeline/timeline.ts';
import {
  type Accepted,
  describeFinish,
  describePurge,
  type Finished,
  findAccepted,
  findFinished,
} from '../timeline/timeline-purges.ts';
import type { Origin } from './origin.ts';
import { findUnexpected } from './sample-edges.ts';
import { type Sample, signSample } from './samples.ts';

/** The parts of the running stack that a sample needs. */
export interface LocalContext {
  /** The objects that are watched; undefined where none are. */
  readonly objects: LocalObjects | undefined;
  readonly origin: Origin;
  /** All of them have to be fresh. */
  readonly edges: readonly EdgeClient[];
  /** Whether the timeline says when purges have finished. */
  readonly knowsFinish: boolean;
  /** How long each step of a change may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly timeline: Timeline;
  /** By the webhook's name. */
  readonly webhooks: Readonly<Record<string, { readonly url: string; readonly secret: string }>>;
  readonly nowMs: () => number;
}

/** One step of a change on its way to the edge. */
export interface Step {
  readonly afterMs: number;
  readonly what: string;
  readonly lines: readonly string[];
}

/** How a sample went. */
export interface SampleResult {
  readonly title: string;
  readonly steps: readonly Step[];
  /** Why it did not reach the edge; missing where it did. */
  readonly failure?: string;
  /** Whether this configuration does not receive such a change, so that it was not tried. */
  readonly isSkipped?: true;
}

/**
 * Runs a sample for real: publishes a first version, lets the edges cache it, makes the change, waits until its purge has
 * finished, and asks the edges until they serve what the origin has now.
 */
export async function runSample(sample: Sample, context: LocalContext): Promise<SampleResult> {
  const steps: Step[] = [];
  const failed = (failure: string): SampleResult => ({ title: sample.title, steps, failure });
  const obstacle = obstacleTo(sample, context);
  if (obstacle !== undefined) return { ...failed(obstacle), isSkipped: true };

  const urls = await publishFirst(sample, context);
  if (urls.length === 0) return failed('no rule of this configuration makes a file URL of it');
  if (!(await becomesCached(urls, context))) return failed('its first version never reached the edge');

  const changedMs = context.nowMs();
  const step = (atMs: number, what: string, lines: readonly string[]) =>
    steps.push({ afterMs: atMs - changedMs, what, lines });
  const done = await change(sample, urls, context);
  step(changedMs, 'changed', [done.description]);
  const queued = await queuedBy(sample, changedMs, context);
  if (queued === undefined) return failed('it never reached the buffer');
  step(queued.atMs, 'queued', done.queued ?? queued.urls);
  const accepted = await acceptedFor(urls, changedMs, context);
  if (accepted === undefined) return failed('CDN Pro never accepted a purge request for it');
  for (const purge of accepted) step(purge.atMs, 'accepted', [describePurge(purge)]);
  if (context.knowsFinish) {
    const finished = await finishedOf(accepted, context);
    if (finished === undefined) return failed('its purge never finished');
    for (const end of finished) step(end.atMs, 'finished', [describeFinish(end)]);
  }
  const isFresh = ({ status, body }: EdgeAnswer) =>
    sample.kind === 'delete' ? status === 404 : body.toString() === pageOf('second');
  const stale = await findUnexpected(context.edges, urls, isFresh, context.nowMs);
  if (stale !== undefined) return failed(`the edge still shows the old page at ${stale}`);
  const where = context.edges.length === 1 ? '' : ` at ${context.edges.length} edges`;
  const shown = sample.kind === 'delete' ? 'is gone' : 'shows the second version';
  step(
    context.nowMs(),
    'fresh',
    urls.map((url) => `${url} ${shown}${where}`),
  );
  return { title: sample.title, steps: steps.toSorted((a, b) => a.afterMs - b.afterMs) };
}

/** @returns the accepted purges of a change, which are several where some of its URLs had to wait for tokens */
async function acceptedFor(
  urls: readonly string[],
  sinceMs: number,
  { timeline, timeoutMs }: LocalContext,
): Promise<readonly Accepted[] | undefined> {
  const purges = await Promise.all(urls.map((url) => findAccepted(timeline, url, sinceMs, timeoutMs)));
  const found = purges.filter((purge) => purge !== undefined);
  return found.length < urls.length ? undefined : [...new Set(found)];
}

async function finishedOf(
  purges: readonly Accepted[],
  { timeline, timeoutMs }: LocalContext,
): Promise<readonly Finished[] | undefined> {
  const ends = await Promise.all(purges.map((purge) => findFinished(timeline, purge, timeoutMs)));
  const found = ends.filter((end) => end !== undefined);
  return found.length < purges.length ? undefined : found;
}

function obstacleTo(sample: Sample, { objects, webhooks }: LocalContext): string | undefined {
  if (sample.kind === 'webhook') {
    return webhooks[sample.webhook] === undefined
      ? `this configuration receives no webhook named "${sample.webhook}"`
      : undefined;
  }
  if (objects === undefined) return 'this configuration watches no bucket';
  const { prefix, suffix } = objects;
  if (!sample.key.startsWith(prefix)) return `this configuration watches no key but those below ${prefix}`;
  if (!sample.key.endsWith(suffix))
    return `this configuration watches no key but those that end with ${suffix}`;
  return undefined;
}

/** Publishes the first version and waits until its change is queued. @returns the pages that show it */
async function publishFirst(sample: Sample, context: LocalContext): Promise<readonly string[]> {
  const sinceMs = context.nowMs();
  if (sample.kind === 'webhook') {
    const queued = await sendWebhook(sample, context);
    const urls = queued.flatMap(({ kind, url }) => (kind === 'file' && url !== undefined ? [url] : []));
    await render(urls, 'first', context);
    return urls;
  }
  await context.origin.put(sample.key, pageOf('first'));
  const found = await context.timeline.find(
    (entry): entry is Entry & { kind: 'queued' | 'unmatched' | 'excepted' } =>
      ['queued', 'unmatched', 'excepted'].includes(entry.kind) &&
      'changeId' in entry &&
      entry.changeId.endsWith(`/${sample.key}`),
    sinceMs,
    context.timeoutMs,
  );
  return found?.kind === 'queued' ? found.urls.filter((url) => !url.includes('*')) : [];
}

/** @returns whether the edges serve the first version from their caches, once its own purge has finished */
async function becomesCached(urls: readonly string[], context: LocalContext): Promise<boolean> {
  const { edges, nowMs, knowsFinish, timeoutMs } = context;
  const accepted = await acceptedFor(urls, nowMs() - timeoutMs, context);
  if (accepted !== undefined && knowsFinish) await finishedOf(accepted, context);
  // Another CDN may not say where its answers come from.
  const isCached = ({ cache = 'HIT', body }: EdgeAnswer) =>
    cache === 'HIT' && body.toString() === pageOf('first');
  return (await findUnexpected(edges, urls, isCached, nowMs)) === undefined;
}

/** Makes the change itself. @returns what was done and, if the answer said so, what was queued */
async function change(
  sample: Sample,
  urls: readonly string[],
  context: LocalContext,
): Promise<{ description: string; queued?: readonly string[] }> {
  switch (sample.kind) {
    case 'put':
      await context.origin.put(sample.key, pageOf('second'));
      return { description: 'second version uploaded; the edge has the first one cached' };
    case 'delete':
      await context.origin.remove(sample.key);
      return { description: 'object deleted; the edge has it cached' };
    case 'webhook': {
      await render(urls, 'second', context);
      const queued = await sendWebhook(sample, context);
      return {
        description: 'second version published; the edge has the first one cached',
        queued: queued.map(({ url, pattern }) => url ?? pattern ?? ''),
      };
    }
  }
}

/** @returns the log line that says that the change of this sample was queued */
function queuedBy(
  sample: Sample,
  sinceMs: number,
  { timeline, timeoutMs }: LocalContext,
): Promise<(Entry & { kind: 'queued' }) | undefined> {
  const isOurs = (entry: Entry): entry is Entry & { kind: 'queued' } =>
    entry.kind === 'queued' &&
    (sample.kind === 'webhook'
      ? sample.body.includes(`"${entry.changeId}"`)
      : entry.changeId.endsWith(`/${sample.key}`));
  return timeline.find(isOurs, sinceMs, timeoutMs);
}

function pageOf(version: string): string {
  return `<!doctype html><title>Sample</title><p>The ${version} version.</p>\n`;
}

async function render(urls: readonly string[], version: string, { origin }: LocalContext): Promise<void> {
  for (const url of urls) await origin.render(url, pageOf(version));
}

/** Sends a signed webhook. @returns what was queued */
async function sendWebhook(
  sample: Sample & { kind: 'webhook' },
  { webhooks, nowMs }: LocalContext,
): Promise<readonly { kind: string; url?: string; pattern?: string }[]> {
  const { url = '', secret = '' } = webhooks[sample.webhook] ?? {};
  const response = await fetch(url, {
    method: 'POST',
    ...signSample(sample, { url, secret, nowMs: nowMs() }),
  });
  const answer = await response.text();
  if (!response.ok) {
    throw new Error(`The webhook ${sample.webhook} was answered ${response.status}: ${answer}`);
  }
  return (JSON.parse(answer) as { queued: { kind: string; url?: string; pattern?: string }[] }).queued;
}
