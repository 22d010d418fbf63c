import { readFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { purgeHooks } from '../../docs/snippets/payload-purge.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { standardWebhooksSecret as SECRET } from '../../infra/cli/webhooks/signing.ts';
import { compileEventPattern } from '../../local/aws/s3-events/event-pattern.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("Payload's hooks send what its source verifies and reads, and never fail an editor's save", async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) });
  const world = createWebhookWorld({
    webhooks: { payload: { source: 'payload', secretIds: ['s'] } },
    rules: [
      {
        match: { source: 'payload', type: 'posts' },
        purge: { fileUrls: ['https://www.example.com/{slug}'] },
      },
    ],
    secrets: { s: SECRET },
  });
  let isAway = false;
  vi.stubGlobal(
    'fetch',
    async (url: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
      if (isAway) throw new Error('away');
      vi.advanceTimersByTime(10);
      world.nowMs = Date.now();
      const request = { method: 'POST', path: new URL(url).pathname, headers, body: Buffer.from(body) };
      const { statusCode } = await receiveWebhook('payload', request, world.ports);
      return new Response(null, { status: statusCode });
    },
  );
  const hooks = purgeHooks({ url: 'https://purger.example/webhooks/payload', secret: SECRET });
  const collection = { slug: 'posts' };
  await hooks.afterChange({ collection, operation: 'create', doc: { id: 1, slug: 'a' } });
  await hooks.afterChange({
    collection,
    operation: 'update',
    doc: { id: 1, slug: 'b' },
    previousDoc: { id: 1, slug: 'a' },
  });
  // While somebody types, the public version stays as it is.
  const draft = { collection, operation: 'update' as const, doc: { id: 1, slug: 'c', _status: 'draft' } };
  const query = { autosave: 'true', draft: 'true' };
  await hooks.afterChange({ ...draft, req: { query, routeParams: { collection: 'posts', id: '1' } } });
  await hooks.afterGlobalChange({
    global: { slug: 'posts' },
    doc: { _status: 'draft' },
    req: { query, routeParams: { global: 'posts' } },
  });
  expect(world.purged()).toHaveLength(3);
  // What an autosave of another document does to this one may be an unpublish.
  await hooks.afterChange({ ...draft, req: { query, routeParams: { collection: 'posts', id: '2' } } });
  expect(world.purged()).toHaveLength(4);
  await hooks.afterDelete({ collection, doc: { id: 1 } });
  expect(world.purged()).toEqual([
    'invalidate https://www.example.com/a',
    'invalidate https://www.example.com/b',
    'delete https://www.example.com/a',
    'invalidate https://www.example.com/b',
    'delete https://www.example.com/b',
  ]);
  isAway = true;
  const error = vi.spyOn(console, 'error').mockImplementation(() => {});
  await hooks.afterDelete({ collection, doc: { id: 1 } });
  expect(error).toHaveBeenCalledOnce();
});

it("another account's rule forwards the events that the purger's own rule asks for, and no others", () => {
  const { Resources } = JSON.parse(readFileSync('docs/snippets/forward-s3-events.json', 'utf8'));
  const pattern = structuredClone(Resources.Rule.Properties.EventPattern);
  expect(pattern.detail.bucket.name).toEqual([{ Ref: 'BucketName' }]);
  pattern.detail.bucket.name = ['www-example-com'];
  const forwards = compileEventPattern(pattern);
  const read = (name: string) => JSON.parse(readFileSync(`events/${name}.json`, 'utf8'));
  expect([read('s3-put'), read('s3-delete')].map(forwards)).toEqual([true, true]);
  expect(forwards({ ...read('s3-put'), 'detail-type': 'Object Tags Added' })).toBe(false);
  const [target] = Resources.Rule.Properties.Targets;
  expect(target).toMatchObject({ Arn: { Ref: 'EventBusArn' }, RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] } });
});
