import type { MemoryStore } from '../aws/tables/entry-memory-table.ts';
import type { QueueResult } from '../buffer/enqueue-changes.ts';
import { describeError } from '../lambda/log.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import { findSource } from '../sources/registry.ts';
import { DeliveryTooLargeError } from '../sources/toolkit/limits.ts';
import { readingOfTooMuch } from '../sources/toolkit/too-much.ts';
import type { SourceOptions } from '../sources/webhook-options.ts';
import type {
  Reading,
  VerificationResult,
  WebhookRequest,
  WebhookSource,
} from '../sources/webhook-source.ts';
import { type EnqueueWebhookPorts, enqueueWebhook, type WebhookChanges } from './enqueue-webhook.ts';
import { noteSeen, type SeenPorts, wasSeen } from './seen-deliveries.ts';

/** A webhook as the stack configures it. */
export interface WebhookConfig {
  /** The name of its source in the registry. */
  readonly source: string;
  /** ARNs or names of the secrets that it may be signed with. */
  readonly secretIds: readonly string[];
  readonly options?: SourceOptions;
  /** How long an entry is remembered, in days; 0 is not at all. */
  readonly rememberDays?: number;
}

/** What receiving a webhook needs of the world. */
export interface ReceivePorts extends EnqueueWebhookPorts, SeenPorts {
  readonly webhooks: Readonly<Record<string, WebhookConfig>>;
  /** @param maxAgeMs read again where what is cached is older than this */
  readonly readSecrets: (secretId: string, maxAgeMs?: number) => Promise<readonly string[]>;
  /** @returns the memory of entries that forgets after so many days */
  readonly memory: (days: number) => MemoryStore;
}

/** An answer to the sender: a status and a body to write as JSON. */
export interface WebhookAnswer {
  readonly statusCode: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * The largest body, in bytes. Lambda takes events of 6 MB, in which base64 makes a body larger by a third.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const maxBodyBytes = 4 * 1024 * 1024;

/** How long an entry is remembered unless the webhook says otherwise, in days. */
export const defaultRememberDays = 365;

/** Most entries that an answer lists. */
const maxListed = 100;

/** A secret that does not verify is read again where it is older than this: it may have been rotated. */
const minSecretAgeMs = 10_000;

/**
 * Verifies a webhook, reads it and puts what it makes stale into the purge queue.
 * @param name the webhook's name: the last part of its path
 * @returns 202 (or the sender's own) with what was queued; 200 where there is nothing to purge; 400, 401, 404 or 413
 *   where the request is at fault; 503 where it has to be sent again. Never throws.
 */
export async function receiveWebhook(
  name: string,
  request: WebhookRequest,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const config = Object.hasOwn(ports.webhooks, name) ? ports.webhooks[name] : undefined;
  const source = config && findSource(config.source);
  if (config === undefined || source === undefined) {
    return refuse(404, 'There is no webhook of this name.', name, ports);
  }
  if (request.body.length > maxBodyBytes) {
    const error = `Expected a body of at most ${maxBodyBytes} bytes, got ${request.body.length}.`;
    return refuse(413, error, name, ports);
  }
  try {
    return await receiveKnown({ name, source, config }, request, ports);
  } catch (error) {
    ports.log.error(webhookEvents.notProcessed, {
      webhook: name,
      error: describeError(error),
    });
    return answer(503, { error: 'The webhook could not be processed. Please send it again.' });
  }
}

/** A webhook that the stack configures, and its source. */
interface KnownWebhook {
  readonly name: string;
  readonly source: WebhookSource;
  readonly config: WebhookConfig;
}

async function receiveKnown(
  webhook: KnownWebhook,
  request: WebhookRequest,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const { name, source, config } = webhook;
  const { log, measure, nowMs } = ports;
  const verification = await verify(webhook, request, ports);
  if (!verification.verified) {
    if (verification.isPing) return answer(200, { queued: [], reason: 'a ping' });
    if (verification.isTooLarge) return refuse(413, verification.reason, name, ports);
    measure('WebhooksUnverified', 1, { webhook: name });
    log.warn(webhookEvents.unverified, { webhook: name, reason: verification.reason });
    // The reason is for the log alone: it would help a forger.
    return answer(401, { error: 'The signature is missing, wrong or too old.' });
  }
  if (await wasSeen(name, verification.delivery, ports)) {
    log.info(webhookEvents.seenBefore, { webhook: name });
    return answer(200, { queued: [], reason: 'The delivery was queued before.' });
  }
  const reading = source.read(request, { webhook: name, nowMs: nowMs(), options: config.options ?? {} });
  const answered = await answerReading(webhook, reading, ports);
  const { queued } = answered.body;
  const isQueued = answered.statusCode < 300 && Array.isArray(queued) && queued.length > 0;
  if (isQueued) await noteSeen(name, verification.delivery, ports);
  return answered;
}

async function answerReading(
  webhook: KnownWebhook,
  reading: Reading,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const { name, source, config } = webhook;
  const { log, measure } = ports;
  switch (reading.kind) {
    case 'malformed':
      measure('EventsNotUnderstood', 1);
      log.warn(webhookEvents.malformed, { webhook: name, reason: reading.message });
      return answer(reading.isTooLarge ? 413 : 400, { error: reading.message });
    case 'ignored':
      if (reading.isNotUnderstood) reportNotUnderstood(name, reading.reason, ports);
      else log.info(webhookEvents.ignored, { webhook: name, reason: reading.reason });
      return answer(200, { queued: [], reason: reading.reason });
    case 'changes': {
      const { changes, isComplete = false, notUnderstood } = reading;
      if (notUnderstood !== undefined) reportNotUnderstood(name, notUnderstood, ports);
      const { rememberDays: days = defaultRememberDays, options = {} } = config;
      const memory = days > 0 ? { store: ports.memory(days), days } : undefined;
      return enqueue(webhook, { source, changes, isComplete, memory, options }, ports);
    }
  }
}

/** What is too much to purge URL by URL is purged by prefix, or refused. */
async function enqueue(
  webhook: KnownWebhook,
  changes: WebhookChanges,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  try {
    return answerQueued(webhook, await enqueueWebhook(changes, ports), ports);
  } catch (error) {
    if (!(error instanceof DeliveryTooLargeError)) throw error;
    const { name, source, config } = webhook;
    const types = new Set(changes.changes.map(({ type }) => type));
    const [type] = types.size === 1 ? types : [];
    const context = {
      source: source.name,
      webhook: name,
      nowMs: ports.nowMs(),
      options: config.options ?? {},
    };
    const reading = readingOfTooMuch(error, context, type);
    return answerReading(webhook, reading, ports);
  }
}

/** What is genuine and not understood is answered 2xx all the same: vendors switch webhooks off that are refused. */
function reportNotUnderstood(webhook: string, reason: string, { log, measure }: ReceivePorts): void {
  measure('EventsNotUnderstood', 1);
  log.warn(webhookEvents.notUnderstood, { webhook, reason });
}

function answerQueued(
  { name, source }: KnownWebhook,
  { entries, failed }: QueueResult,
  { log }: ReceivePorts,
): WebhookAnswer {
  if (failed.length > 0) {
    log.error(webhookEvents.notQueued, { webhook: name, changes: failed.length });
    return answer(503, { error: 'The webhook could not be queued. Please send it again.' });
  }
  if (entries.length === 0) return answer(200, { queued: [], reason: 'No rule makes a URL of this change.' });
  const more = entries.length > maxListed ? { total: entries.length } : {};
  return answer(source.queuedStatus ?? 202, { queued: entries.slice(0, maxListed), ...more });
}

/**
 * Verifies with the secrets that are cached, and if that fails with the current ones.
 * @throws the error of a secret that cannot be read, unless another one verifies: the delivery may be genuine
 */
async function verify(
  { source, config: { secretIds, options = {} } }: KnownWebhook,
  request: WebhookRequest,
  { readSecrets, nowMs }: ReceivePorts,
): Promise<VerificationResult> {
  const read = async (maxAgeMs?: number) => {
    const results = await Promise.allSettled(secretIds.map((secretId) => readSecrets(secretId, maxAgeMs)));
    return {
      secrets: results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [])),
      failed: results.find((result) => result.status === 'rejected'),
    };
  };
  const cached = await read();
  const verification = source.verify(request, cached.secrets, nowMs(), options);
  if (verification.verified || verification.isPing || verification.isTooLarge) return verification;
  const fresh = await read(minSecretAgeMs);
  const isSame =
    fresh.secrets.length === cached.secrets.length &&
    fresh.secrets.every((secret) => cached.secrets.includes(secret));
  const again = isSame ? verification : source.verify(request, fresh.secrets, nowMs(), options);
  if (!again.verified && fresh.failed !== undefined) throw fresh.failed.reason;
  return again;
}

function refuse(
  statusCode: number,
  error: string,
  name: string,
  { log, measure }: ReceivePorts,
): WebhookAnswer {
  // The name comes from the sender.
  const webhook = name.slice(0, 100);
  measure('WebhooksRefused', 1);
  log.warn(webhookEvents.unknownOrTooLarge, { webhook, reason: error });
  return answer(statusCode, { error });
}

function answer(statusCode: number, body: WebhookAnswer['body']): WebhookAnswer {
  return { statusCode, body };
}
