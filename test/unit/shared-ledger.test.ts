import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { createTable } from '../../bench/simulation/world/table.ts';
import { createLimitsTable } from '../../functions/aws/tables/limits-table.ts';
import type { RateLimit } from '../../functions/core/limits/requests/window.ts';
import { limitsRequest, looseLimits } from '../helpers/limits-request.ts';

const dayMs = 24 * 60 * 60 * 1000;
const limit: RateLimit = { requests: 3, perSeconds: 300, headroom: 0 };

/** A table in memory, and ledgers of several deployments in it. */
function createDeployments() {
  const clock = { nowMs: 0 };
  const { client }: { client: DynamoDBClient } = createTable(
    { nowMs: () => clock.nowMs, sleep: async () => {} },
    { latencyMs: () => 0 },
  );
  const notified: (readonly [string, RateLimit])[] = [];
  const deploy = (deployment: string, rate: RateLimit) => {
    const table = createLimitsTable({
      client,
      tableName: 'ledger',
      deployment,
      limits: { ...looseLimits, rate },
      guardMs: 0,
      clockDifferenceMs: 0,
      nowMs: () => clock.nowMs,
      onStricterLimit: (stricter) => notified.push([deployment, stricter.rate]),
    });
    /** Asks for one request, which is answered at once. */
    const ask = async () => {
      const grant = await table.reserve([limitsRequest()]);
      if (grant.kind === 'granted') for (const slot of grant.slots) table.answered(slot, {});
      return grant.kind;
    };
    return Object.assign(ask, { close: table.close });
  };
  return { clock, client, notified, deploy };
}

test('two deployments of one user take their slots from one window', async () => {
  const { clock, notified, deploy } = createDeployments();
  const [first, second] = [deploy('first', limit), deploy('second', limit)];
  expect([await first(), await second(), await first()]).toEqual(['granted', 'granted', 'granted']);
  expect([await first(), await second()]).toEqual(['wait', 'wait']);
  clock.nowMs = 300_000;
  expect(await second()).toBe('granted');
  expect(notified).toEqual([]);
});

test('of differing limits the stricter holds for both, and the other deployment is notified once', async () => {
  const { clock, notified, deploy } = createDeployments();
  const strict = deploy('strict', limit);
  const lax = deploy('lax', { requests: 300, perSeconds: 10, headroom: 0.1 });
  expect([await strict(), await lax()]).toEqual(['granted', 'granted']);
  clock.nowMs = 20_000;
  // Of 3 requests, a headroom of 0.1 leaves 2.
  expect(await lax()).toBe('wait');
  expect([await strict(), await strict()]).toEqual(['granted', 'wait']);
  expect(notified).toEqual([['lax', { requests: 3, perSeconds: 300, headroom: 0.1 }]]);
});

test('a stricter limit is declared even while it has to wait, so that others leave it room', async () => {
  const { clock, deploy } = createDeployments();
  const lax = deploy('lax', limit);
  const strict = deploy('strict', { ...limit, requests: 1 });
  expect([await lax(), await lax(), await strict()]).toEqual(['granted', 'granted', 'wait']);
  clock.nowMs = 299_000;
  expect(await lax()).toBe('wait');
  // The second of two slots that were acquired at one time counts as a millisecond later.
  clock.nowMs = 300_001;
  expect([await strict(), await lax()]).toEqual(['granted', 'wait']);
});

test('a limit that is raised everywhere holds from the last deployment on', async () => {
  const { deploy } = createDeployments();
  for (const each of [deploy('first', limit), deploy('second', limit)]) await each();
  const raised = { ...limit, requests: 5 };
  const [first, second] = [deploy('first', raised), deploy('second', raised)];
  // The second deployment's last word is still 3.
  expect([await first(), await first()]).toEqual(['granted', 'wait']);
  expect([await second(), await first(), await second()]).toEqual(['granted', 'granted', 'wait']);
});

test('a deployment that has been silent for more than a week no longer counts', async () => {
  const { clock, deploy } = createDeployments();
  await deploy('gone', { ...limit, requests: 1 })();
  const here = deploy('here', limit);
  expect(await here()).toBe('wait');
  clock.nowMs = 7 * dayMs;
  expect([await here(), await here()]).toEqual(['granted', 'wait']);
  clock.nowMs = 7 * dayMs + 1;
  expect([await here(), await here()]).toEqual(['granted', 'granted']);
});

test('credentials that are refused keep their own deployment from sending, and nobody else', async () => {
  const { clock, deploy } = createDeployments();
  const [bad, good] = [deploy('bad', limit), deploy('good', limit)];
  await bad.close(60_000, 'this deployment');
  expect([await bad(), await good()]).toEqual(['wait', 'granted']);
  clock.nowMs = 60_000;
  expect(await bad()).toBe('granted');
  await bad.close(90_000, 'everyone');
  expect([await bad(), await good()]).toEqual(['wait', 'wait']);
});

test('an answer that is noted twice, since the success of a write went unnoticed, frees no other slot', async () => {
  const { clock, client } = createDeployments();
  let isDeaf = false;
  const deaf = {
    async send(command: object) {
      const isWrite = command.constructor.name === 'PutItemCommand';
      const answer = await client.send(command as never);
      if (!isWrite || !isDeaf) return answer;
      isDeaf = false;
      throw new Error('the connection was lost, and so were those of all further tries');
    },
  } as unknown as DynamoDBClient;
  const table = createLimitsTable({
    client: deaf,
    tableName: 'ledger',
    deployment: 'd',
    limits: { ...looseLimits, rate: { requests: 5, perSeconds: 10, headroom: 0 } },
    guardMs: 13_000,
    clockDifferenceMs: 0,
    nowMs: () => clock.nowMs,
  });
  const full = limitsRequest();
  const grant = await table.reserve([full, full, full]);
  const [first] = grant.kind === 'granted' ? grant.slots : [];
  if (first === undefined) throw new Error('Expected slots');
  clock.nowMs = 1000;
  table.answered(first, {});
  isDeaf = true;
  // The slot of the write whose success went unnoticed is spent.
  await expect(table.reserve([full])).rejects.toThrow('the connection was lost');
  expect((await table.reserve([full])).kind).toBe('granted');
  clock.nowMs = 11_001;
  // One slot is free again, that of the answer; the others are held until their requests must have arrived.
  expect(await table.reserve([full, full])).toMatchObject({ slots: [expect.anything()] });
  expect((await table.reserve([full])).kind).toBe('wait');
});
