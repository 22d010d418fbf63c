import fc from 'fast-check';
import { expect, it } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { anyCodePoint } from '../helpers/any-code-point.ts';
import { bombsOf, deliveriesWith, genuineDeliveries, timeSigners } from '../helpers/hostile-deliveries.ts';
import { createDelivery } from '../helpers/hostile-world.ts';
import type { WebhookWorld } from '../helpers/webhook-fixture.ts';

/** `npm run test:fuzz` has a million cases; each of these is several deliveries. */
const numRuns = Math.ceil(Number(process.env.FUZZ_CASES ?? 7500) / 50);
/** Of one delivery of some KB: what is quadratic takes seconds. */
const maxCpuMs = 800;
const sources = Object.keys(webhookSources);
const bombs = new Map(sources.map((source) => [source, bombsOf(source, 4000)]));

/** What a sender does: a delivery of its own, one that is made to cost much, or one of its former deliveries again. */
type Step =
  | { readonly kind: 'with a value'; readonly value: string; readonly at: number }
  | { readonly kind: 'a bomb'; readonly at: number }
  | { readonly kind: 'again'; readonly at: number };

const at = fc.nat(10_000);
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('with a value' as const),
    value: fc.oneof(
      fc.constantFrom('a', 'b', '__proto__', '/*', 'delete', 'unpublish', '2030-01-01T00:00:00Z'),
      fc.string({ unit: anyCodePoint, maxLength: 10 }),
    ),
    at,
  }),
  fc.record({ kind: fc.constant('a bomb' as const), at }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('again' as const), at }) },
);
const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % list.length];

/** What was delivered, and how it was answered the first time. */
interface Delivered {
  readonly text: string;
  readonly isQueued: boolean;
}

/** @returns the URLs of entries that are remembered as live */
function knownUrls({ items }: WebhookWorld): readonly string[] {
  return [...items.values()].flatMap(({ memory }) =>
    Object.values(memory).flatMap(({ live }) =>
      live.map(({ entry }) => (entry.kind === 'regex' ? entry.pattern : entry.url)),
    ),
  );
}

it('is answered for good, in a time that its size bounds, whatever came before and comes again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sources),
      fc.array(anyStep, { minLength: 1, maxLength: 8 }),
      async (source, steps) => {
        const { world, deliver } = createDelivery(source);
        const former: Delivered[] = [];
        const attempt = async (text: string) => {
          const before = world.sent.length;
          const { statusCode, cpuMs } = await deliver(text);
          if (statusCode >= 500 || cpuMs > maxCpuMs) throw new Error(`${statusCode} after ${cpuMs} ms`);
          return world.sent.length - before;
        };
        const attemptNew = async (text: string) => {
          former.push({ text, isQueued: (await attempt(text)) > 0 });
        };
        const genuine = JSON.stringify(genuineDeliveries[source]?.body);
        await attemptNew(genuine);
        for (const step of steps) {
          if (step.kind === 'again') {
            const { text, isQueued } = pick(former, step.at) ?? { text: genuine, isQueued: false };
            const known = knownUrls(world);
            const sent = await attempt(text);
            if (isQueued && timeSigners.has(source)) expect(sent).toBe(0);
            expect(known.filter((url) => !knownUrls(world).includes(url))).toEqual([]);
          } else {
            const text =
              step.kind === 'a bomb'
                ? (pick(bombs.get(source) ?? [], step.at)?.body() ?? genuine)
                : (pick(deliveriesWith(source, step.value), step.at) ?? genuine);
            await attemptNew(text);
          }
        }
      },
    ),
    { numRuns },
  );
}, 600_000);
