import { setTimeout as sleep } from 'node:timers/promises';
import type { Edge } from '../edge/server.ts';
import type { Origin } from './origin.ts';
import type { LocalObjects } from './s3-source.ts';
import { type Sample, signSample } from './samples.ts';
import { type Entry, purgedBy, type Timeline } from './timeline.ts';

/** What playing samples needs of the running stack. */
export interface LocalContext {
  /** The objects that are watched; undefined where none are. */
  readonly objects: LocalObjects | undefined;
  readonly origin: Origin;
  readonly edge: Edge;
  readonly journal: Timeline;
  /** By the webhook's name. */
  readonly webhooks: Readonly<Record<string, { readonly url: string; readonly secret: string }>>;
  readonly nowMs: () => number;
}

/** One step on the way of a change. */
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
  /** Whether the configuration has no place for it, so that it was not even tried. */
  readonly isSkipped?: true;
}

/** How long a change may take to reach the edge, in milliseconds. */
const patienceMs = 60_000;

/**
 * Plays a sample for real: publishes a first version, lets the edge cache it, makes the change, and watches the
 * edge until it shows what the origin has now.
 */
export async function runSample(sample: Sample, stage: LocalContext): Promise<SampleResult> {
  const steps: Step[] = [];
  const failed = (failure: string): SampleResult => ({ title: sample.title, steps, failure });
  const obstacle = obstacleTo(sample, stage);
  if (obstacle !== undefined) return { ...failed(obstacle), isSkipped: true };

  const urls = await publishFirst(sample, stage);
  if (urls.length === 0) return failed('no rule of this configuration makes a file URL of it');
  if (!(await becomesCached(urls, stage))) return failed('its first version never reached the edge');

  const changedMs = stage.nowMs();
  const step = (atMs: number, what: string, lines: readonly string[]) =>
    steps.push({ afterMs: atMs - changedMs, what, lines });
  const done = await change(sample, urls, stage);
  step(changedMs, 'changed', [done.text]);
  const queued = await queuedBy(sample, changedMs, stage);
  if (queued === undefined) return failed('it never reached the buffer');
  step(queued.atMs, 'queued', done.queued ?? queued.urls);
  const purged = await stage.journal.find(
    (entry): entry is Entry & { kind: 'purged' } =>
      entry.kind === 'purged' && purgedBy(entry.purge).some((url) => urls.includes(url)),
    changedMs,
    patienceMs,
  );
  if (purged === undefined) return failed('CDN Pro never accepted a purge request for it');
  step(purged.atMs, 'purged', [describePurge(purged)]);
  const stale = await staleAfter(sample, urls, stage);
  if (stale !== undefined) return failed(`the edge still shows the old page at ${stale}`);
  step(
    stage.nowMs(),
    'fresh',
    urls.map((url) => `${url} ${sample.kind === 'delete' ? 'is gone' : 'shows the second version'}`),
  );
  return { title: sample.title, steps };
}

/** @returns a purge request in a few words */
export function describePurge({ purgeId, purge }: Entry & { kind: 'purged' }): string {
  const { fileUrls = [], dirUrls = [], regexPatterns = [], covered = [], action, target } = purge;
  const counts = [
    [fileUrls.length, 'file URL'],
    [dirUrls.length, 'directory URL'],
    [regexPatterns.length, 'regex pattern'],
  ] as const;
  const parts = counts.flatMap(([count, noun]) =>
    count === 0 ? [] : [`${count} ${noun}${count === 1 ? '' : 's'}`],
  );
  const more = covered.length === 0 ? '' : ` (which covers ${covered.length} more)`;
  return `purge ${purgeId}: ${action} ${parts.join(', ')}${more} in ${target}`;
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

/** Publishes the first version and waits until its purge is through. Returns the pages that show it. */
async function publishFirst(sample: Sample, stage: LocalContext): Promise<readonly string[]> {
  const sinceMs = stage.nowMs();
  if (sample.kind === 'webhook') {
    const queued = await sendWebhook(sample, stage);
    const urls = queued.flatMap(({ kind, url }) => (kind === 'file' && url !== undefined ? [url] : []));
    await render(urls, 'first', stage);
    return urls;
  }
  await stage.origin.put(sample.key, pageOf('first'));
  const found = await stage.journal.find(
    (entry): entry is Entry & { kind: 'queued' | 'unmatched' } =>
      (entry.kind === 'queued' || entry.kind === 'unmatched') && entry.changeId.endsWith(`/${sample.key}`),
    sinceMs,
    patienceMs,
  );
  return found?.kind === 'queued' ? found.urls.filter((url) => !url.includes('*')) : [];
}

/** Whether the edge serves the first version from its cache, once the purges before it are through. */
async function becomesCached(
  urls: readonly string[],
  { edge, journal, nowMs }: LocalContext,
): Promise<boolean> {
  const sinceMs = nowMs() - patienceMs;
  await journal.find(
    (entry): entry is Entry & { kind: 'purged' } =>
      entry.kind === 'purged' && urls.every((url) => purgedBy(entry.purge).includes(url)),
    sinceMs,
    patienceMs,
  );
  return within(5000, nowMs, async () => {
    const answers = await Promise.all(urls.map((url) => edge.get(url)));
    return answers.every(({ cache, body }) => cache === 'HIT' && body.toString() === pageOf('first'));
  });
}

/** Makes the change itself, and says what was done and, where the answer told, what was queued. */
async function change(
  sample: Sample,
  urls: readonly string[],
  stage: LocalContext,
): Promise<{ text: string; queued?: readonly string[] }> {
  switch (sample.kind) {
    case 'put':
      await stage.origin.put(sample.key, pageOf('second'));
      return { text: 'second version uploaded; the edge has the first one cached' };
    case 'delete':
      await stage.origin.remove(sample.key);
      return { text: 'object deleted; the edge has it cached' };
    case 'webhook': {
      await render(urls, 'second', stage);
      const queued = await sendWebhook(sample, stage);
      return {
        text: 'second version published; the edge has the first one cached',
        queued: queued.map(({ url, pattern }) => url ?? pattern ?? ''),
      };
    }
  }
}

/** The log line that says that a change of this sample was queued. */
function queuedBy(
  sample: Sample,
  sinceMs: number,
  { journal }: LocalContext,
): Promise<(Entry & { kind: 'queued' }) | undefined> {
  const isOurs = (entry: Entry): entry is Entry & { kind: 'queued' } =>
    entry.kind === 'queued' &&
    (sample.kind === 'webhook'
      ? sample.body.includes(`"${entry.changeId}"`)
      : entry.changeId.endsWith(`/${sample.key}`));
  return journal.find(isOurs, sinceMs, patienceMs);
}

function pageOf(version: string): string {
  return `<!doctype html><title>Sample</title><p>The ${version} version.</p>\n`;
}

async function render(urls: readonly string[], version: string, { origin }: LocalContext): Promise<void> {
  for (const url of urls) await origin.render(url, pageOf(version));
}

/** Sends a signed webhook. Returns what was queued. */
async function sendWebhook(
  sample: Sample & { kind: 'webhook' },
  { webhooks, nowMs }: LocalContext,
): Promise<readonly { kind: string; url?: string; pattern?: string }[]> {
  const { url = '', secret = '' } = webhooks[sample.webhook] ?? {};
  const response = await fetch(url, {
    method: 'POST',
    ...signSample(sample, { url, secret, nowMs: nowMs() }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The webhook ${sample.webhook} was answered ${response.status}: ${text}`);
  return (JSON.parse(text) as { queued: { kind: string; url?: string; pattern?: string }[] }).queued;
}

/** @returns the first URL at which the edge does not show the change in time; undefined where all do */
async function staleAfter(
  sample: Sample,
  urls: readonly string[],
  { edge, nowMs }: LocalContext,
): Promise<string | undefined> {
  for (const url of urls) {
    const isFresh = await within(5000, nowMs, async () => {
      const { status, body } = await edge.get(url);
      return sample.kind === 'delete' ? status === 404 : body.toString() === pageOf('second');
    });
    if (!isFresh) return url;
  }
  return undefined;
}

/** Tries until it holds, and says whether it did in time. */
async function within(
  timeoutMs: number,
  nowMs: () => number,
  holds: () => Promise<boolean>,
): Promise<boolean> {
  const untilMs = nowMs() + timeoutMs;
  while (!(await holds())) {
    if (nowMs() > untilMs) return false;
    await sleep(50);
  }
  return true;
}
