import { LocalStackError } from '../../aws/template/errors.ts';
import type { EdgeAnswer, EdgeClient } from '../../edge/edge-client.ts';
import type { LocalObjects } from '../s3-source.ts';
import type { Entry, Timeline } from '../timeline/timeline.ts';
import {
  type Accepted,
  describePurge,
  type Finished,
  findAccepted,
  findFinished,
} from '../timeline/timeline-purges.ts';
import { followPurges } from './follow-purges.ts';
import type { Origin } from './origin.ts';
import type { Sample } from './sample.ts';
import { findUnexpected } from './sample-edges.ts';
import { groupsSharingUrls } from './sample-groups.ts';
import { type SampleReceiver, signSample } from './samples.ts';
import type { ObjectId } from './shown-pages.ts';
import { findRaced, visit } from './visitors.ts';

/** The parts of the running stack that a sample needs. */
export interface LocalContext {
  /** The objects that are watched. */
  readonly objects: readonly LocalObjects[];
  readonly origin: Origin;
  /** All of them have to be fresh. */
  readonly edges: readonly EdgeClient[];
  /** Whether the timeline says when purges have finished. */
  readonly knowsFinish: boolean;
  /** Whether somebody visits the changed pages all the time. */
  readonly isVisited: boolean;
  /** How long each step of a change may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly timeline: Timeline;
  /** By the webhook's name. */
  readonly webhooks: Readonly<Record<string, SampleReceiver>>;
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

/** A sample whose first version is published. */
interface Published {
  readonly sample: Exclude<Sample, { kind: 'none' }>;
  /** What is purged when it changes. */
  readonly urls: readonly string[];
  /** The files among them: the edges are asked for these. */
  readonly pages: readonly string[];
  /** Whether its first version was purged, too. */
  readonly isPurged: boolean;
}

/**
 * Runs samples for real: publishes a first version of each, lets the edges cache it, makes the change, waits until the purger
 * has said the last word on its purges, and asks the edges until they serve what the origin has now. Those that are shown on
 * one page, such as the home page, go one after another. Webhooks' changes come once S3's are accepted: they would share a purge
 * with these, and what CMSs publish cannot be proven.
 */
export async function runSamples(
  samples: readonly Sample[],
  context: LocalContext,
): Promise<readonly SampleResult[]> {
  const published = await Promise.all(samples.map((sample) => publish(sample, context)));
  const results = new Map<number, SampleResult>();
  const ready: { readonly index: number; readonly urls: readonly string[]; readonly first: Published }[] = [];
  published.forEach((each, index) => {
    if ('steps' in each) results.set(index, each);
    else ready.push({ index, urls: each.urls, first: each });
  });
  const isWebhook = ({ first }: (typeof ready)[number]) => first.sample.kind === 'webhook';
  const accepted = new Map(
    ready.flatMap((each) => (isWebhook(each) ? [] : [[each.index, Promise.withResolvers<void>()] as const])),
  );
  const turn = Promise.all([...accepted.values()].map(({ promise }) => promise));
  const runGroup = async (group: typeof ready) => {
    for (const each of group.toSorted((a, b) => Number(isWebhook(a)) - Number(isWebhook(b)))) {
      const note = () => accepted.get(each.index)?.resolve();
      const beforeChange = isWebhook(each) ? turn : undefined;
      results.set(each.index, await runSample(each.first, context, { beforeChange, note }).finally(note));
    }
  };
  await Promise.all(groupsSharingUrls(ready).map(runGroup));
  return samples.flatMap((_, index) => results.get(index) ?? []);
}

/** @returns the first version of a sample, or why there is none */
async function publish(sample: Sample, context: LocalContext): Promise<Published | SampleResult> {
  const { title } = sample;
  const skipped = (failure: string): SampleResult => ({ title, steps: [], failure, isSkipped: true });
  if (sample.kind === 'none') return skipped(sample.reason);
  const obstacle = obstacleTo(sample, context);
  if (obstacle !== undefined) return skipped(obstacle);
  const first = await publishFirst(sample, context);
  if (typeof first === 'string') return skipped(first);
  return first.urls.length === 0 ? skipped('no rule of this configuration makes a URL of it') : first;
}

/** What a sample waits for, and says to others. */
interface Turn {
  readonly beforeChange: Promise<unknown> | undefined;
  /** Called once CDN Pro has accepted the purges of the change. */
  readonly note: () => void;
}

async function runSample(first: Published, context: LocalContext, turn: Turn): Promise<SampleResult> {
  const { sample, pages, isPurged } = first;
  const { title } = sample;
  const sinceMs = context.nowMs();
  if (!(await becomesCached(pages, isPurged, context))) {
    if (await areParked(sinceMs - context.timeoutMs, context)) return parked(title, []);
    return { title, steps: [], failure: 'its first version never reached the edge' };
  }
  await turn.beforeChange;
  const [visited] = pages;
  const isVisited = context.isVisited && visited !== undefined;
  const endVisits = isVisited ? visit(context.edges, visited) : async () => {};
  try {
    return await followChange(first, context, turn);
  } finally {
    await endVisits();
  }
}

/** Makes the change, and notes each step of it until the edges serve what the origin has now. */
async function followChange(
  { sample, urls, pages }: Published,
  context: LocalContext,
  { note }: Turn,
): Promise<SampleResult> {
  const { edges, nowMs } = context;
  const { title } = sample;
  const steps: Step[] = [];
  const failed = (failure: string): SampleResult => ({ title, steps, failure });
  const changedMs = nowMs();
  const step = (atMs: number, what: string, lines: readonly string[]) =>
    void steps.push({ afterMs: atMs - changedMs, what, lines });
  const done = await change(sample, pages, context);
  step(changedMs, 'changed', [done.description]);
  const queued = await queuedBy(sample, changedMs, context);
  if (queued === undefined) return failed('it never reached the buffer');
  if (sample.kind === 'webhook' && sample.rule !== undefined && !queued.rules.includes(sample.rule)) {
    const failure = 'no sample entry fits it: cdn-purger send takes fields';
    return { title, steps: [], failure, isSkipped: true };
  }
  step(queued.atMs, 'queued', done.queued ?? queued.urls);
  const wanted = pages.length > 0 ? pages : urls;
  const accepted = await acceptedFor(wanted, changedMs, context);
  if (accepted === undefined) {
    if (await areParked(changedMs, context)) return parked(title, steps);
    return failed('CDN Pro never accepted a purge request for it');
  }
  note();
  const isFresh = ({ status, body }: EdgeAnswer) =>
    sample.kind === 'delete' ? status === 404 : body.toString() === pageOf('second');
  if (context.knowsFinish) {
    const onFinished = async () => {
      const [visited] = pages;
      const raced = visited === undefined ? [] : await findRaced(edges, visited, isFresh);
      const what = `${raced.join(', ')} got the old page from a parent that obeyed later: ${visited}`;
      if (raced.length > 0) step(nowMs(), 'raced', [what]);
    };
    const failure = await followPurges(accepted, { ...context, urls: wanted, step, onFinished });
    if (failure !== undefined) return failed(failure);
  } else for (const purge of accepted) step(purge.atMs, 'accepted', [describePurge(purge)]);
  const stale = await findUnexpected(edges, pages, isFresh, nowMs);
  if (stale !== undefined) return failed(`the edge still shows the old page at ${stale}`);
  const shown = pages.map((url) => shownAt(url, sample, context));
  if (shown.length > 0) step(nowMs(), 'shown', shown);
  return { title, steps: steps.toSorted((a, b) => a.afterMs - b.afterMs) };
}

function shownAt(url: string, { kind }: Sample, { edges }: LocalContext): string {
  const where = edges.length === 1 ? '' : ` at ${edges.length} edges`;
  return `${url} ${kind === 'delete' ? 'is gone' : 'shows the second version'}${where}`;
}

/** Whether something waits for tokens of the day, which a configuration may give few of. */
async function areParked(sinceMs: number, { timeline }: LocalContext): Promise<boolean> {
  const isParked = (entry: Entry): entry is Entry & { kind: 'parked' } => entry.kind === 'parked';
  return (await timeline.find(isParked, sinceMs, 0)) !== undefined;
}

function parked(title: string, steps: readonly Step[]): SampleResult {
  return { title, steps, failure: 'it waits for tokens of the day: there are few of them', isSkipped: true };
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

function obstacleTo(
  sample: Exclude<Sample, { kind: 'none' }>,
  { objects, webhooks }: LocalContext,
): string | undefined {
  if (sample.kind === 'webhook') {
    return webhooks[sample.webhook] === undefined
      ? `this configuration receives no webhook named "${sample.webhook}"`
      : undefined;
  }
  if (objects.length === 0) return 'this configuration watches no bucket';
  const { bucket, key } = placeOf(sample, objects);
  const own = objects.filter((each) => each.bucket === bucket);
  const matchesFilter = own.some(({ prefix, suffix }) => key.startsWith(prefix) && key.endsWith(suffix));
  return matchesFilter ? undefined : `this configuration does not watch this key of the bucket ${bucket}`;
}

/** An event of a bucket that is not watched happens in the first one that is. */
export function placeOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  objects: readonly LocalObjects[],
): ObjectId {
  const isKnown = objects.some((each) => each.bucket === bucket);
  return { bucket: isKnown ? bucket : (objects[0]?.bucket ?? bucket), key };
}

/**
 * Publishes the first version and waits until its change is queued.
 * @returns the pages that show it, or why the sample is of no use with this configuration
 */
async function publishFirst(
  sample: Exclude<Sample, { kind: 'none' }>,
  context: LocalContext,
): Promise<Published | string> {
  const sinceMs = context.nowMs();
  if (sample.kind === 'webhook') {
    const { status, queued, answer } = await sendWebhook(sample, context);
    if (status >= 400 && status < 500) return `this configuration's webhook answers ${status}: ${answer}`;
    const urls = queued.map(({ url, pattern }) => url ?? pattern ?? '');
    const pages = queued.flatMap(({ kind, url }) => (kind === 'file' && url !== undefined ? [url] : []));
    await render(pages, 'first', context);
    return { sample, urls, pages, isPurged: true };
  }
  const place = placeOf(sample, context.objects);
  await context.origin.put(place, pageOf('first'));
  const found = await context.timeline.find(
    (entry): entry is Entry & { kind: 'queued' | 'unmatched' | 'excepted' } =>
      ['queued', 'unmatched', 'excepted'].includes(entry.kind) &&
      'changeId' in entry &&
      entry.changeId === `s3://${place.bucket}/${place.key}`,
    sinceMs,
    context.timeoutMs,
  );
  if (found?.kind === 'queued') {
    return { sample, urls: found.urls, pages: found.urls.filter(isPage), isPurged: true };
  }
  // Its rule may be one for deletes alone.
  const { urls = [] } = sample;
  context.origin.show(place, urls);
  return { sample, urls, pages: urls, isPurged: false };
}

function isPage(url: string): boolean {
  return /^https?:/.test(url) && !/[*\\]/.test(url) && URL.canParse(url);
}

/** @returns whether the edges serve the first version from their caches, once its own purge has finished */
async function becomesCached(
  urls: readonly string[],
  isPurged: boolean,
  context: LocalContext,
): Promise<boolean> {
  const { edges, nowMs, knowsFinish, timeoutMs } = context;
  const accepted = isPurged ? await acceptedFor(urls, nowMs() - timeoutMs, context) : undefined;
  if (accepted !== undefined && knowsFinish) await finishedOf(accepted, context);
  // Another CDN may not say where its answers come from, and a page of several samples may show the second of another.
  const isCached = ({ cache = 'HIT', body }: EdgeAnswer) =>
    cache === 'HIT' && [pageOf('first'), pageOf('second')].includes(body.toString());
  return (await findUnexpected(edges, urls, isCached, nowMs)) === undefined;
}

/** Makes the change itself. @returns what was done and, if the answer said so, what was queued */
async function change(
  sample: Exclude<Sample, { kind: 'none' }>,
  pages: readonly string[],
  context: LocalContext,
): Promise<{ description: string; queued?: readonly string[] }> {
  switch (sample.kind) {
    case 'put':
      await context.origin.put(placeOf(sample, context.objects), pageOf('second'));
      return { description: 'second version uploaded; the edge has the first one cached' };
    case 'delete':
      await context.origin.remove(placeOf(sample, context.objects));
      return { description: 'object deleted; the edge has it cached' };
    case 'webhook': {
      await render(pages, 'second', context);
      const { queued, status, answer } = await sendWebhook(sample, context);
      if (status >= 300)
        throw new LocalStackError(`The webhook ${sample.webhook} was answered ${status}: ${answer}`);
      return {
        description: 'second version published; the edge has the first one cached',
        queued: queued.map(({ url, pattern }) => url ?? pattern ?? ''),
      };
    }
  }
}

/** @returns the log line that says that the change of this sample was queued */
function queuedBy(
  sample: Exclude<Sample, { kind: 'none' }>,
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

interface Sent {
  readonly status: number;
  readonly queued: readonly { readonly kind: string; readonly url?: string; readonly pattern?: string }[];
  readonly answer: string;
}

/** Sends a signed webhook. @returns what was answered */
export async function sendWebhook(
  sample: Sample & { kind: 'webhook' },
  { webhooks, nowMs }: LocalContext,
): Promise<Sent> {
  const receiver = webhooks[sample.webhook];
  if (receiver === undefined) throw new LocalStackError(`Expected a webhook ${sample.webhook}, got none`);
  const response = await fetch(receiver.url, {
    method: 'POST',
    ...signSample(sample, { ...receiver, nowMs: nowMs() }),
  });
  const answer = await response.text();
  if (!response.ok) return { status: response.status, queued: [], answer };
  const { queued = [] } = JSON.parse(answer) as Partial<Pick<Sent, 'queued'>>;
  return { status: response.status, queued, answer };
}
