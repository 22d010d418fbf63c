import { test } from 'vitest';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { eventually, type StartedStack, startStack } from '../helpers/start.ts';

const config: PurgerConfig = {
  credentials: 'my/cdn-pro',
  target: 'production',
  batchingWindowSeconds: 1,
  buckets: [{ name: 'www' }],
  rules: [
    {
      match: { source: 's3', key: 'import/{+path}' },
      lane: 'bulk',
      purge: { fileUrls: ['https://h.example/import/{+path}'] },
    },
    {
      match: { source: 's3', key: 'pages/{+path}' },
      purge: { fileUrls: ['https://h.example/pages/{+path}'] },
    },
  ],
};

/** With 20 URLs a day, of which bulk may have 17. */
async function withDayOf(seconds: number, play: (world: World) => Promise<void>): Promise<void> {
  const started = await startStack(config, '--quota', '20', '--day', String(seconds), '--verbose');
  try {
    await play(worldOf(started));
  } finally {
    await started.stop();
  }
}

type World = ReturnType<typeof worldOf>;

const imports = Array.from({ length: 25 }, (_, index) => `import/${index}`);

function worldOf({ ready, output }: StartedStack) {
  const request = (method: string, key: string) =>
    fetch(`${ready.s3.endpoint}/www/${key}`, { method, ...(method === 'PUT' && { body: 'x' }) });
  return {
    output,
    request,
    putImports: () => Promise.all(imports.map((key) => request('PUT', key))),
    isParked: () => /parked +8 URLs/.test(output()),
    /** The URLs of all purge requests that the simulator has accepted until now, in their order. */
    accepted: () =>
      output()
        .split('\n')
        .flatMap((line) => {
          if (!line.includes(`"${submitEvents.purgeAccepted}"`)) return [];
          const { fileUrls } = JSON.parse(line) as { readonly fileUrls: readonly string[] };
          return fileUrls;
        }),
  };
}

test.concurrent('with 20 URLs a day bulk waits, people and takedowns go at once', async ({ expect }) => {
  // A day that does not end meanwhile, however slow the machine is.
  await withDayOf(3600, async ({ putImports, isParked, request, accepted }) => {
    await putImports();
    expect(await eventually(isParked)).toBe(true);
    await request('PUT', 'pages/a.html');
    const isPurged = (times: number) => accepted().filter((url) => url.includes('/pages/')).length === times;
    expect(await eventually(() => isPurged(1))).toBe(true);
    await request('DELETE', 'pages/a.html');
    expect(await eventually(() => isPurged(2))).toBe(true);
    const order = accepted().map((url) => url.split('/')[3]);
    expect(order).toEqual([...Array(17).fill('import'), 'pages', 'pages']);
  });
}, 100_000);

test.concurrent('a day later all that waited is purged', async ({ expect }) => {
  await withDayOf(24, async ({ putImports, accepted, output }) => {
    await putImports();
    const purged = () => new Set(accepted().filter((url) => url.includes('/import/')));
    expect(await eventually(() => purged().size === imports.length, 120_000)).toBe(true);
    expect(output()).toMatch(/parked +\d+ URLs?/);
    expect(output()).toMatch(/released bulk: \d/);
  });
}, 200_000);
