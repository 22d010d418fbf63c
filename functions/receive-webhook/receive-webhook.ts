import type { EntryChange, PurgeEntry } from '../core/types.ts';
import { type EnqueuePorts, enqueueChanges } from '../enqueue.ts';
import { describeError } from '../log.ts';
import { findSource } from '../sources/registry.ts';
import type { WebhookRequest, WebhookSource } from '../sources/webhook-source.ts';

/** A webhook as the stack configures it. */
export interface WebhookConfig {
  /** The name of its source in the registry. */
  readonly source: string;
  /** ARN or name of the secret that it is signed with. */
  readonly secretId: string;
}

/** What receiving a webhook needs of the world. */
export interface ReceivePorts extends EnqueuePorts {
  readonly webhooks: Readonly<Record<string, WebhookConfig>>;
  readonly readSecret: (secretId: string) => Promise<string>;
  readonly nowMs: () => number;
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

/**
 * Verifies a webhook, reads it and puts what it makes stale into the buffer.
 * @param name the webhook's name: the last part of its path
 * @returns 202 with what was queued; 200 where there is nothing to purge; 400, 401, 404 or 413 where the request is
 *   at fault; 503 where it has to be sent again. Never throws.
 */
export async function receiveWebhook(
  name: string,
  request: WebhookRequest,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const config = Object.hasOwn(ports.webhooks, name) ? ports.webhooks[name] : undefined;
  const source = config && findSource(config.source);
  if (config === undefined || source === undefined)
    return answer(404, { error: 'There is no webhook of this name.' });
  if (request.body.length > maxBodyBytes) {
    return answer(413, {
      error: `Expected a body of at most ${maxBodyBytes} bytes, got ${request.body.length}.`,
    });
  }
  try {
    return await receiveKnown(name, source, config, request, ports);
  } catch (error) {
    ports.log.error('webhook not processed: its sender is asked to try again', {
      webhook: name,
      error: describeError(error),
    });
    return answer(503, { error: 'The webhook could not be processed. Please send it again.' });
  }
}

async function receiveKnown(
  name: string,
  source: WebhookSource,
  { secretId }: WebhookConfig,
  request: WebhookRequest,
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const { log, nowMs } = ports;
  const verdict = source.verify(request, [await ports.readSecret(secretId)], nowMs());
  if (!verdict.verified) {
    log.warn('webhook refused: it is not verified', { webhook: name, reason: verdict.reason });
    // Why is for the log alone: it would help whoever forges one.
    return answer(401, { error: 'The signature is missing, wrong or too old.' });
  }
  const reading = source.read(request, { webhook: name, nowMs: nowMs() });
  switch (reading.kind) {
    case 'malformed':
      log.warn('webhook refused: its body is not what the source sends', {
        webhook: name,
        reason: reading.message,
      });
      return answer(400, { error: reading.message });
    case 'ignored':
      log.info('webhook ignored', { webhook: name, reason: reading.reason });
      return answer(200, { queued: [], reason: reading.reason });
    case 'changes':
      return await enqueue(name, reading.changes, ports);
  }
}

async function enqueue(
  name: string,
  changes: readonly EntryChange[],
  ports: ReceivePorts,
): Promise<WebhookAnswer> {
  const { entries, failed } = await enqueueChanges(changes, ports);
  if (failed.length > 0) {
    ports.log.error('webhook not queued: its sender is asked to try again', {
      webhook: name,
      changes: failed.length,
    });
    return answer(503, { error: 'The webhook could not be queued. Please send it again.' });
  }
  if (entries.length === 0) return answer(200, { queued: [], reason: 'No rule makes a URL of this change.' });
  return answer(202, { queued: withoutDuplicates(entries) });
}

/** The locales of one entry often share URLs. */
function withoutDuplicates(entries: readonly PurgeEntry[]): readonly PurgeEntry[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

function answer(statusCode: number, body: WebhookAnswer['body']): WebhookAnswer {
  return { statusCode, body };
}
