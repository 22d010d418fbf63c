import type { EdgeAnswer } from '../../../edge/edge-client.ts';
import type { Entry } from '../../timeline/timeline.ts';
import type { LocalContext, SampleResult } from '../local-context.ts';
import type { RealSample, Sample } from '../sample.ts';
import { findUnexpected } from '../sample-edges.ts';
import { acceptedFor, finishedOf } from './await-purges.ts';
import { pageOf, placeOf, render, sendWebhook } from './make-change.ts';

/** A sample whose first version is published. */
export interface Published {
  readonly sample: RealSample;
  /** What is purged when it changes. */
  readonly urls: readonly string[];
  /** The files among them: the edges are asked for these. */
  readonly pages: readonly string[];
  /** Whether its first version was purged, too. */
  readonly isPurged: boolean;
}

/** @returns the first version of a sample, or why there is none */
export async function publish(sample: Sample, context: LocalContext): Promise<Published | SampleResult> {
  const { title } = sample;
  const skipped = (failure: string): SampleResult => ({ title, steps: [], failure, isSkipped: true });
  if (sample.kind === 'none') return skipped(sample.reason);
  const obstacle = obstacleTo(sample, context);
  if (obstacle !== undefined) return skipped(obstacle);
  const first = await publishFirst(sample, context);
  if (typeof first === 'string') return skipped(first);
  return first.urls.length === 0 ? skipped('no rule of this configuration makes a URL of it') : first;
}

function obstacleTo(sample: RealSample, { objects, webhooks }: LocalContext): string | undefined {
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

/**
 * Publishes the first version and waits until its change is queued.
 * @returns the pages that show it, or why the sample is of no use with this configuration
 */
async function publishFirst(sample: RealSample, context: LocalContext): Promise<Published | string> {
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
export async function becomesCached(
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
