import { beforeAll, expect, test } from 'vitest';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import type { SourceOptions } from '../../functions/sources/webhook-options.ts';
import { testSecretOf, webhookSigners } from '../../infra/cli/webhooks/signers.ts';
import { templateOf } from '../helpers/purger-stack.ts';
import { alarmsOf, watchedMetrics } from '../helpers/watched-metrics.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

/** What API Gateway itself answers 429 is counted in its log: anybody can send so much. */
const countedByApi = ['WebhooksThrottled'];
/** The alarms that an outsider can set off, none of which wakes anybody. */
const warnings = ['webhook-unverified', 'webhooks-throttled'];

const template = templateOf();
const watched = watchedMetrics(template);
const alarms = [...alarmsOf(template).values()].map((alarm) => ({
  name: alarm.AlarmName,
  kind: /#([a-z-]+)$/.exec(alarm.AlarmDescription)?.[1] ?? '',
  severity: /^\[([a-z]+)\]/.exec(alarm.AlarmDescription)?.[1],
}));

const options: Readonly<Record<string, SourceOptions>> = {
  generic: { verification: { kind: 'hmac', header: 'x-signature' } },
};
/** What an outsider may send: nothing, junk, a body that a sender sends, and one that is expensive to parse. */
const bodies = [
  '',
  '{',
  '\u0000'.repeat(99),
  '{"id":1,"type":"post"}',
  '[',
  `${'['.repeat(9999)}`,
  '{"secret":"a"}',
];

/** Requests of somebody without the secret: without headers, and signed with another one. */
function requestsTo(source: string) {
  const path = `/webhooks/${source}`;
  const nowMs = Date.UTC(2026, 0, 1);
  return bodies.flatMap((body) => {
    const forge = () =>
      webhookSigners[source]?.({ body, nowMs, path, secret: `not-${testSecretOf(source)}` });
    const forged = body.startsWith('{"') ? forge() : undefined;
    return [
      { headers: {}, body },
      { headers: { ...forged?.headers, 'x-signature': body.slice(0, 50) }, body: forged?.body ?? body },
    ].map(({ headers, body }) => ({ method: 'POST', path, headers, body: Buffer.from(body) }));
  });
}

const measured = new Set<string>();
const statuses = new Set<number>();
const sources = Object.keys(webhookSigners);
beforeAll(async () => {
  const world = createWebhookWorld({
    webhooks: Object.fromEntries(
      sources.map((source) => [
        source,
        { source, secretIds: [source], ...(options[source] && { options: options[source] }) },
      ]),
    ),
    secrets: Object.fromEntries(sources.map((source) => [source, testSecretOf(source)])),
  });
  for (const source of [...sources, 'unknown']) {
    for (const request of requestsTo(source)) {
      statuses.add((await receiveWebhook(source, request, world.ports)).statusCode);
    }
  }
  for (const { name } of world.measured) measured.add(name);
  expect(world.sent).toEqual([]);
});

test('an outsider is answered 2xx to a ping and else 4xx, so that neither the function nor the API has an error', () => {
  expect([...statuses].filter((status) => status >= 500)).toEqual([]);
  expect(statuses).toContain(401);
});

test.each(alarms)(
  '$name ($severity) is set off by an outsider only if it is a warning that is meant to be',
  ({ name, kind, severity }) => {
    const metrics = watched.filter(({ alarm }) => alarm === name);
    expect(metrics.length).toBeGreaterThan(0);
    const byOutsider = metrics.filter(
      ({ namespace, name }) =>
        namespace === 'CdnProPurger' && (measured.has(name) || countedByApi.includes(name)),
    );
    expect({ kind, isReached: byOutsider.length > 0 }).toEqual({ kind, isReached: warnings.includes(kind) });
    if (byOutsider.length > 0) expect(severity).toBe('warning');
  },
);
