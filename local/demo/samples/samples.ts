import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type Signed, webhookSigners } from '../../../infra/cli/webhooks/signers.ts';

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

/** A sample event of `events/`, with what it takes to make it happen for real. */
export type Sample =
  | { readonly kind: 'put' | 'delete'; readonly title: string; readonly bucket: string; readonly key: string }
  | {
      readonly kind: 'webhook';
      readonly title: string;
      readonly webhook: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** @returns the samples in `events/`, S3's first */
export function readSamples(): readonly Sample[] {
  const folder = fileURLToPath(new URL('../../../events', import.meta.url));
  const samples = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => readSample(file, JSON.parse(readFileSync(join(folder, file), 'utf8'))));
  const order = ['put', 'delete', 'webhook'];
  return samples.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
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
    throw new Error(`events/${file} is neither an EventBridge event of S3 nor a webhook.`);
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

/** @returns a sample webhook, signed now; its signer is found by its name, which in the samples is its source's */
export function signSample(
  { webhook, headers, body }: Sample & { kind: 'webhook' },
  { url, secret, nowMs }: { url: string; secret: string; nowMs: number },
): Signed {
  const path = new URL(url).pathname;
  const sign = webhookSigners[webhook];
  const dated = datedNow(body, nowMs);
  return sign === undefined ? { headers, body: dated } : sign({ body: dated, nowMs, path, secret, headers });
}
