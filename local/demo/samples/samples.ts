import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Signed, webhookSigners } from '../../../infra/cli/webhooks/signers.ts';
import type { PurgerConfig } from '../../../infra/settings/purger-config.ts';
import { LocalStackError } from '../../aws/template/errors.ts';
import { watchedObjects } from '../s3-source.ts';
import { samplesOf, showsObject } from './rule-samples.ts';
import type { Sample } from './sample.ts';

const s3Event = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.enum(['Object Created', 'Object Deleted']),
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
});
const webhookEvent = z.object({
  webhook: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.record(z.string(), z.unknown()),
});

/** Those of the repository; the package has none. */
const ownFolder = fileURLToPath(new URL('../../../events', import.meta.url));

/**
 * @param folder of sample events; missing where nobody named one
 * @returns the samples in it; without one those of `events/` where this configuration receives all of them, else one for each
 *   of its rules
 */
export function samplesFor(config: PurgerConfig, folder: string | undefined): readonly Sample[] {
  if (folder !== undefined) return readSamples(folder);
  const own = existsSync(ownFolder) ? readSamples(ownFolder) : [];
  const hasRule = (source: string) => config.rules.some(({ match }) => match.source === source);
  const [first] = watchedObjects(config);
  const isReceived = (sample: Sample) => {
    if (sample.kind === 'none') return false;
    if (sample.kind !== 'webhook') return first !== undefined && showsObject(config, { ...sample, ...first });
    return (
      hasRule(sample.webhook) &&
      (config.webhooks ?? []).some(({ source, name }) => (name ?? source) === sample.webhook)
    );
  };
  return own.length > 0 && own.every(isReceived) ? own : samplesOf(config);
}

/**
 * @returns the samples in a folder, S3's first
 * @throws LocalStackError for a folder or file that is not what it should be
 */
export function readSamples(folder = ownFolder): readonly Sample[] {
  if (!existsSync(folder))
    throw new LocalStackError(`Expected a folder of events, but ${folder} does not exist`);
  const samples = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readSample(file, readJson(join(folder, file))));
  if (samples.length === 0) throw new LocalStackError(`Expected events in ${folder}, got no JSON file`);
  const order = ['put', 'delete', 'webhook'];
  return samples.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new LocalStackError(`Expected ${path} to be JSON: ${(error as Error).message}`);
  }
}

function readSample(file: string, json: unknown): Sample {
  const s3 = s3Event.safeParse(json);
  if (s3.success) {
    const { bucket, object } = s3.data.detail;
    const kind = s3.data['detail-type'] === 'Object Created' ? 'put' : 'delete';
    return {
      kind,
      title: `S3 ${kind} s3://${bucket.name}/${object.key}`,
      bucket: bucket.name,
      key: object.key,
    };
  }
  const webhook = webhookEvent.safeParse(json);
  if (!webhook.success)
    throw new LocalStackError(`${file} is neither an EventBridge event of S3 nor a webhook`);
  const { webhook: name, headers, body } = webhook.data;
  return {
    kind: 'webhook',
    title: `${name} publish (${file})`,
    webhook: name,
    headers,
    body: JSON.stringify(body),
  };
}

/** @returns the body with all of its times moved, so that the newest of them is now */
function datedNow(body: string, nowMs: number): string {
  const time = /"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"/g;
  const newestMs = Math.max(...[...body.matchAll(time)].map(([, found = '']) => Date.parse(found)));
  return body.replace(
    time,
    (_, found: string) => `"${new Date(nowMs - newestMs + Date.parse(found)).toISOString()}"`,
  );
}

/** A webhook that samples are sent to. */
export interface SampleReceiver {
  readonly source: string;
  readonly url: string;
  readonly secret: string;
  /** The header that carries the secret, where it is not the source's usual one. */
  readonly header?: string | undefined;
}

/** @returns a sample webhook, signed now */
export function signSample(
  { headers, body }: Sample & { kind: 'webhook' },
  to: SampleReceiver & { readonly nowMs: number },
): Signed {
  const { source, url, secret, header, nowMs } = to;
  const path = new URL(url).pathname;
  const sign = webhookSigners[source];
  const dated = datedNow(body, nowMs);
  const own = header === undefined ? {} : { [header.toLowerCase()]: secret };
  const unsigned = { body: dated, nowMs, path, secret, headers: { ...headers, ...own } };
  return sign === undefined ? unsigned : sign(unsigned);
}
