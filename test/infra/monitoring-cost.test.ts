import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fixedCostsOf } from '../../bench/cost/fixed.ts';
import { prices } from '../../bench/cost/prices.ts';
import { accessLogBytesOf, gbSecondsOf, platformLogBytes } from '../../bench/cost/usage.ts';
import { defaultThrottle } from '../../infra/pipeline/webhook-api.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import type { Template } from '../../local/aws/template/assembly.ts';
import { templateOf } from '../helpers/purger-stack.ts';

const metricsGuide = readFileSync('docs/metrics.md', 'utf8').replace(/\s+/g, ' ');
/** Queued changes, accepted requests, purged entries, freshness, budget, completion and proof: in calm times. */
const calmMetrics = 7;

function costOf(what: RegExp, overrides: Partial<PurgerConfig> = {}) {
  const template = templateOf(overrides).toJSON() as Template;
  const cost = fixedCostsOf(template, { secrets: 2, metrics: calmMetrics }).find((each) =>
    what.test(each.what),
  );
  return cost ?? { count: 0, usd: Number.NaN };
}

test('the runbook says what monitoring costs a month, as the benchmark reckons it', () => {
  const [alarms, dashboards, metrics] = [costOf(/alarms/), costOf(/dashboards/), costOf(/custom metrics/)];
  // Ten metrics in alarms, ten custom metrics and three dashboards of an account are free.
  const atLeast = Math.max(0, alarms.count - 10) * prices.alarmMonth.usd;
  const atMost = alarms.usd + dashboards.usd + metrics.usd;
  expect(metricsGuide).toContain(
    `costs ${atLeast.toFixed(2)} dollars a month where nothing else uses what is free, and ${atMost.toFixed(2)}`,
  );
});

test('an idle month costs at most five dollars, with every alarm, a bucket and a webhook', () => {
  const template = templateOf().toJSON() as Template;
  const month = fixedCostsOf(template, { secrets: 2, metrics: 0 });
  expect(month.reduce((sum, { usd }) => sum + usd, 0)).toBeLessThanOrEqual(5);
});

test('docs/cost.md says what a flood of deliveries that nobody signed costs', () => {
  const refusal = { wallMs: 3, cpuMs: 3, memoryMb: 512 };
  const functionLogBytes = 1000;
  const template = templateOf().toJSON() as Template;
  const accessLogBytes = accessLogBytesOf(template);
  const requestUsd = prices.httpApiRequest.usd + (accessLogBytes / 1e9) * prices.logGb.usd;
  const refusedUsd =
    requestUsd +
    prices.lambdaRequest.usd +
    gbSecondsOf(refusal) * prices.lambdaGbSecond.usd +
    ((functionLogBytes + platformLogBytes) / 1e9) * prices.logGb.usd;
  const dayUsd = refusedUsd * defaultThrottle.ratePerSecond * 24 * 3600;
  const costGuide = readFileSync('docs/cost.md', 'utf8').replace(/\s+/g, ' ');
  expect(costGuide).toContain(`${(refusedUsd * 1e6).toFixed(2)} dollars a million`);
  expect(costGuide).toContain(`${dayUsd.toFixed(0)} dollars a day`);
  expect(costGuide).toContain(`${(requestUsd * 1e6).toFixed(2)} a million at most`);
});

test('the runbook says what the key of a topic for e-mails costs', () => {
  expect(costOf(/keys/).count).toBe(0);
  const key = costOf(/keys/, { alarms: { email: 'on-call@example.com' } });
  expect(metricsGuide).toContain(`has a key, for ${key.usd} dollar a month`);
});
