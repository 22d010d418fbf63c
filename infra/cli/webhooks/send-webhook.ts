import { PurgerError } from '../../../functions/core/model/errors.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import type { SampleEvent } from './sample-events/sample-event.ts';
import { webhookSigners } from './signers.ts';

/** A webhook could not be sent. */
export class WebhookNotSentError extends PurgerError {
  override readonly name = 'WebhookNotSentError';
}

/** What a webhook was answered. */
export interface WebhookReply {
  readonly status: number;
  /** The body: an object where it is JSON, else a string. */
  readonly answer: unknown;
}

/** How long an answer may take: API Gateway waits for 30 seconds. */
const timeoutMs = 35_000;

/**
 * Signs an event as its sender does, and sends it.
 * @throws WebhookNotSentError where nothing answers
 */
export async function sendWebhook(
  event: SampleEvent,
  to: { readonly source: string; readonly url: string; readonly secret: string; readonly nowMs: number },
): Promise<WebhookReply> {
  const { source, url, secret, nowMs } = to;
  const { pathname, search } = new URL(url);
  const headers = { 'content-type': 'application/json', ...event.headers };
  const unsigned = { body: JSON.stringify(event.body), nowMs, path: `${pathname}${search}`, secret, headers };
  const signed = webhookSigners[source]?.(unsigned) ?? unsigned;
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: signed.headers,
      body: signed.body,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, answer: parsed(await response.text()) };
  } catch (error) {
    const { cause, message } = recordOf(error) ?? {};
    const reason = recordOf(cause)?.code ?? message;
    throw new WebhookNotSentError(`Nothing answers at ${url}: ${String(reason)}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
