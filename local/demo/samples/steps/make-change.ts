import { LocalStackError } from '../../../aws/template/errors.ts';
import type { LocalObjects } from '../../s3-source.ts';
import type { LocalContext } from '../local-context.ts';
import type { RealSample, Sample } from '../sample.ts';
import { signSample } from '../samples.ts';
import type { ObjectId } from '../shown-pages.ts';

/** Makes the change itself. @returns what was done and, if the answer said so, what was queued */
export async function makeChange(
  sample: RealSample,
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

/** An event of a bucket that is not watched happens in the first one that is. */
export function placeOf(
  { bucket, key }: { readonly bucket: string; readonly key: string },
  objects: readonly LocalObjects[],
): ObjectId {
  const isKnown = objects.some((each) => each.bucket === bucket);
  return { bucket: isKnown ? bucket : (objects[0]?.bucket ?? bucket), key };
}

/** How a webhook was answered. */
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

/** Shows a version at the origin, as the CMS's site would. */
export async function render(
  urls: readonly string[],
  version: string,
  { origin }: LocalContext,
): Promise<void> {
  for (const url of urls) await origin.render(url, pageOf(version));
}

/** @returns the page of a version, `first` or `second` */
export function pageOf(version: string): string {
  return `<!doctype html><title>Sample</title><p>The ${version} version.</p>\n`;
}
