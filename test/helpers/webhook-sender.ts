import { receiveWebhook, type WebhookAnswer } from '../../functions/receive-webhook/receive-webhook.ts';
import type { SourceOptions } from '../../functions/sources/webhook-options.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { createWebhookWorld, shortly } from './webhook-fixture.ts';

/** A request of a vendor, less its signature. */
export interface VendorRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** `{now}` in it becomes the time of the delivery, without a zone. */
  readonly body: unknown;
}

/** How a webhook is set up. */
export interface Setup {
  readonly options?: SourceOptions;
  /** Templates of file URLs. */
  readonly urls: readonly string[];
  /** Templates of directory URLs. */
  readonly dirUrls?: readonly string[];
  readonly fileHeaders?: readonly Readonly<Record<string, string>>[];
  readonly type?: string;
  readonly rememberDays?: number;
  readonly delaySeconds?: number;
  readonly repeatAfterSeconds?: number;
  /**
   * How long after the one before it each delivery comes.
   * @default - longer than an entry is remembered by, so that it cannot be the older one
   */
  readonly apartMs?: number;
}

const longerThanRememberedMs = 366 * 24 * 60 * 60 * 1000;

/** What became of one delivery. */
export interface Delivered {
  readonly status: number;
  readonly body: WebhookAnswer['body'];
  /** What it purges, in the order in which it is sent. */
  readonly purged: readonly string[];
}

/** @returns a function that signs and delivers requests one after another to a webhook of this source */
export function createSender(source: string, setup: Setup) {
  const {
    options,
    urls,
    dirUrls = [],
    fileHeaders,
    type,
    rememberDays,
    delaySeconds = 0,
    repeatAfterSeconds,
    apartMs = longerThanRememberedMs,
  } = setup;
  const world = createWebhookWorld({
    webhooks: {
      [source]: {
        source,
        secretIds: ['secret'],
        ...(options && { options }),
        ...(rememberDays !== undefined && { rememberDays }),
      },
    },
    rules: [
      {
        match: { source, ...(type && { type }) },
        purge: { fileUrls: urls, dirUrls, ...(fileHeaders && { fileHeaders }) },
        delaySeconds,
        ...(repeatAfterSeconds !== undefined && { repeatAfterSeconds }),
      },
    ],
    secrets: { secret: testSecretOf(source) },
  });
  const deliver = async ({ headers, body }: VendorRequest): Promise<Delivered> => {
    world.nowMs += apartMs;
    const path = `/webhooks/${source}`;
    const sign = webhookSigners[source];
    if (sign === undefined) throw new Error(`no signer for ${source}`);
    const now = new Date(world.nowMs).toISOString().slice(0, -1);
    const text = (typeof body === 'string' ? body : JSON.stringify(body)).replaceAll('{now}', now);
    const signed = sign({
      body: text,
      nowMs: world.nowMs,
      path,
      secret: testSecretOf(source),
      headers: headers ?? {},
    });
    const before = world.sent.length;
    const request = { method: 'POST', path, headers: signed.headers, body: Buffer.from(signed.body) };
    const answer = await receiveWebhook(source, request, world.ports);
    const purged = world.sent.slice(before).flatMap(({ entries }) => entries.map(shortly));
    return { status: answer.statusCode, body: answer.body, purged };
  };
  return { world, deliver };
}
