import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { genuineDeliveries } from './hostile-deliveries.ts';
import { createWebhookWorld } from './webhook-fixture.ts';

const nowMs = Date.UTC(2026, 0, 1);

/** @returns a function that signs a body, delivers it to a webhook of the source, and returns its answer and its cost */
export function createDelivery(source: string) {
  const { headers = {}, options = {} } = genuineDeliveries[source] ?? {};
  const world = createWebhookWorld({
    webhooks: { [source]: { source, secretIds: ['secret'], options } },
    rules: [
      {
        match: { source },
        purge: {
          fileUrls: [
            'https://www.example.com/{type}/{slug}',
            'https://www.example.com/{+path}',
            'https://www.example.com/{id}',
          ],
          fileHeaders: [{}, { 'Accept-Language': '{locale}' }],
        },
      },
    ],
    secrets: { secret: testSecretOf(source) },
    nowMs,
  });
  const deliver = async (text: string, isSigned = true) => {
    const path = `/webhooks/${source}`;
    const sign = webhookSigners[source];
    if (sign === undefined) throw new Error(`no signer for ${source}`);
    const own = testSecretOf(source);
    // A secret of the same form that is not the webhook's.
    const secret = isSigned
      ? own
      : own.replace(/[a-z0-9](?=[^a-z0-9]*$)/i, (last) => (last === 'x' ? 'y' : 'x'));
    // What is not signed has the headers of another body.
    const made = sign({ body: isSigned ? text : '{}', nowMs, path, secret, headers });
    const signed = isSigned ? made : { ...made, body: text };
    const request = { method: 'POST', path, headers: signed.headers, body: Buffer.from(signed.body) };
    const before = process.cpuUsage();
    const { statusCode } = await receiveWebhook(source, request, world.ports);
    const { user, system } = process.cpuUsage(before);
    return { statusCode, cpuMs: (user + system) / 1000 };
  };
  return { world, deliver };
}
