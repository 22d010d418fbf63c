import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule, RuleSet, ScheduledEntries } from '../../functions/core/mapping/rule.ts';
import { mergeTimings, type Timing } from '../../functions/core/mapping/schedule.ts';
import { entryKey, entryKeyWithoutAction } from '../../functions/core/model/entry-key.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { ChangeAction, PurgeEntry } from '../../functions/core/model/types.ts';
import { receiveWebhook } from '../../functions/receive-webhook/receive-webhook.ts';
import { deliveryLimits } from '../../functions/sources/toolkit/limits.ts';
import { signStandardWebhook, standardWebhooksSecret } from '../../infra/cli/webhooks/signing.ts';
import { entryChange } from '../helpers/changes.ts';
import { createWebhookWorld } from '../helpers/webhook-fixture.ts';
import { anyRules, anyValue } from '../helpers/webhook-rules.ts';

const source = 'standard-webhooks';
const nowMs = Date.UTC(2026, 0, 1);

/** Where an entry is. */
interface Location {
  readonly slug: string;
  readonly path: string;
}

/** What a sender tells: where the entry is now, and whether it says where it was; or that it is gone, by its id alone. */
type Step = { readonly at: Location; readonly tellsFormer: boolean } | { readonly at: undefined };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ at: fc.record({ slug: anyValue, path: anyValue }), tellsFormer: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ at: undefined }) },
);

function mapped(rules: RuleSet, at: Location | undefined, action: ChangeAction): readonly ScheduledEntries[] {
  const change = { source, webhook: source, id: 'e1', type: 'post', action, fields: { ...at } };
  return rules.map(entryChange(change)).schedule;
}

function purgesOf(schedule: readonly ScheduledEntries[]): readonly (readonly [string, PurgeEntry])[] {
  return schedule.flatMap(({ delaySeconds, lane = 'no lane', entries }) =>
    entries.map((entry) => [`after ${delaySeconds} s, ${lane}: ${entryKey(entry)}`, entry] as const),
  );
}

/**
 * What the rules make of where the entry is, and of where it was as of a delete, less what is purged there anyway and
 * what is remembered of where it is. What is purged there in another way is purged as of a put.
 */
function expectedPurges(
  rules: RuleSet,
  at: Location | undefined,
  before: Location | undefined,
  isRemembered: boolean,
): Set<string> {
  const current = purgesOf(mapped(rules, at, at === undefined ? 'delete' : 'put'));
  const remembered = isRemembered ? purgesOf(mapped(rules, at, 'delete')) : [];
  const known = new Set([...current, ...remembered].map(([, entry]) => entryKeyWithoutAction(entry)));
  const former = before === undefined ? [] : purgesOf(mapped(rules, before, 'delete'));
  // Above the budget of a delivery it is purged by prefix.
  const wide = [...current, ...remembered, ...former].filter(([, { kind }]) => kind !== 'file');
  fc.pre(wide.length <= deliveryLimits.directories);
  const isGone = ([, entry]: readonly [string, PurgeEntry]) => !known.has(entryKeyWithoutAction(entry));
  // Where other rules have the same URL purged, the page is still there.
  const live = new Set(at === undefined ? [] : remembered.map(([, entry]) => entryText(entry)));
  const isThere = (entry: PurgeEntry) =>
    (entry.kind !== 'file' || entry.headers === undefined) && live.has(entryText(entry));
  const gone = former
    .filter(isGone)
    .flatMap(([purge, entry]) => (isThere(entry) ? purgesAsPut(rules, before, [purge, entry]) : [purge]));
  return new Set([...current.map(([purge]) => purge), ...gone]);
}

/** @returns how the rules have purged something while the entry was there; at the time of its delete where no rule has */
function purgesAsPut(
  rules: RuleSet,
  before: Location | undefined,
  [purge, entry]: readonly [string, PurgeEntry],
): readonly string[] {
  const puts = mapped(rules, before, 'put').flatMap(({ entries, delaySeconds, lane }) =>
    entries
      .filter((put) => entryKeyWithoutAction(put) === entryKeyWithoutAction(entry))
      .map((put) => ({ put, timing: { delaysSeconds: [delaySeconds], ...(lane && { lane }) } })),
  );
  const action = puts.some(({ put }) => put.action === 'delete') ? 'delete' : 'invalidate';
  const key = entryKey({ ...entry, action });
  if (puts.length === 0) return [`${purge.slice(0, purge.indexOf(': '))}: ${key}`];
  const { delaysSeconds, lane = 'no lane' } = puts.map(({ timing }): Timing => timing).reduce(mergeTimings);
  return delaysSeconds.map((seconds) => `after ${seconds} s, ${lane}: ${key}`);
}

async function run(rules: readonly Rule[], steps: readonly Step[], rememberDays: number): Promise<void> {
  const ruleSet = compileRules({ target: 'production', rules });
  const world = createWebhookWorld({
    webhooks: { [source]: { source, secretIds: ['s'], rememberDays } },
    rules,
    secrets: { s: standardWebhooksSecret },
    nowMs,
  });
  let before: Location | undefined;
  for (const [index, step] of steps.entries()) {
    const { at } = step;
    const previous = at !== undefined && step.tellsFormer ? before : undefined;
    const body = JSON.stringify({
      type: at === undefined ? 'entry.deleted' : 'entry.published',
      timestamp: new Date(nowMs - 1000 + index).toISOString(),
      data: { id: 'e1', type: 'post', ...at, ...(previous && { previous }) },
    });
    const headers = signStandardWebhook({ body, nowMs });
    const sent = world.sent.length;
    const request = { method: 'POST', path: `/webhooks/${source}`, headers, body: Buffer.from(body) };
    await receiveWebhook(source, request, world.ports);
    const purged = world.sent.slice(sent).flatMap((message, offset) => {
      return purgesOf([{ ...message, delaySeconds: world.delays[sent + offset] ?? 0 }]).map(
        ([purge]) => purge,
      );
    });
    const isRemembered = rememberDays > 0;
    const wanted = expectedPurges(ruleSet, at, isRemembered ? before : previous, isRemembered);
    expect({ step, purged: purged.toSorted() }).toEqual({ step, purged: [...wanted].toSorted() });
    before = at;
  }
}

describe('what an entry was known under', () => {
  it('is purged as its rules have it purged: in each version, with their action, after their delays, in their lane', async () => {
    await fc.assert(
      fc.asyncProperty(anyRules(source), fc.array(anyStep, { minLength: 1, maxLength: 4 }), (rules, steps) =>
        run(rules, steps, 365),
      ),
      { numRuns: 200 },
    );
  });

  it('is purged so, too, where nothing is remembered and the sender tells where it was', async () => {
    await fc.assert(
      fc.asyncProperty(anyRules(source), fc.array(anyStep, { minLength: 2, maxLength: 3 }), (rules, steps) =>
        run(
          rules,
          steps.filter(({ at }) => at !== undefined),
          0,
        ),
      ),
      { numRuns: 200 },
    );
  });
});
