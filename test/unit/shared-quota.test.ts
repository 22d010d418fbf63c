import { expect, test } from 'vitest';
import { createLimitsTable } from '../../functions/aws/tables/limits-table.ts';
import type { Limits } from '../../functions/core/limits/limits.ts';
import { freshQuota, type Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { readTokens } from '../../functions/submit/tokens/learn-tokens.ts';
import { createTokenReader } from '../../functions/tick/tokens/read-tokens.ts';
import { createParkedItems } from '../helpers/parked-items.ts';
import { createWorld, looseContract } from '../helpers/submit-fixture.ts';
import { createTickWorld, minuteMs, worldBeginsMs } from '../helpers/tick-world.ts';

const stated = { files: 5000, dirs: 20 };
const contract: Limits = { ...looseContract, quota: {} };
const told = [90_000, 80_000].map((files) => ({ files, dirs: 900 }));

/** The count after CDN Pro was asked by a deployment that states no quota, where another one of the ledger states one. */
async function unknownAfter(
  ask: (left: Tokens, limitsTable: ReturnType<typeof createLimitsTable>, nowMs: number) => Promise<unknown>,
): Promise<Tokens | undefined> {
  const { client } = createParkedItems();
  let nowMs = worldBeginsMs;
  const table = (deployment: string, limits: Limits) =>
    createLimitsTable({
      client,
      tableName: 'Ledger',
      deployment,
      limits,
      guardMs: 13_000,
      clockDifferenceMs: 2000,
      nowMs: () => nowMs,
    });
  await table('other', { ...contract, quota: { production: stated } }).note((state) => ({
    ...state,
    quotas: { production: { ...freshQuota, learned: { files: 100_000, dirs: 1000 }, learnedMs: nowMs } },
  }));
  const own = table('own', contract);
  for (const left of told) {
    nowMs += 10 * minuteMs;
    await ask(left, own, nowMs);
  }
  return (await own.read()).quotas.production?.spent[worldBeginsMs / (60 * minuteMs)];
}

test('what others spend of a larger quota is none of the one that deployments share', async () => {
  const byTick = await unknownAfter((value, limitsTable, nowMs) => {
    const { ports } = createTickWorld();
    const api = { purgeTokens: async () => ({ status: 200, value }), serviceQuotas: async () => ({}) };
    const cdnPro = { prepare: async () => api };
    const reader = createTokenReader(
      { ...ports, limitsTable, cdnPro, nowMs: () => nowMs },
      { limits: contract, convertInShortage: [] },
    );
    return reader.read(['production']);
  });
  expect(byTick).toBeUndefined();
  const bySubmit = await unknownAfter((left, limitsTable) => {
    const { ports } = createWorld({ answer: () => ({ kind: 'accepted', purgeId: 'p1' }), tells: { left } });
    return readTokens('production', contract, { ...ports, limitsTable });
  });
  expect(bySubmit).toBeUndefined();
});
