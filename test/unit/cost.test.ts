import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { billOf, totalOf } from '../../bench/cost/bill.ts';
import { fixedCostsOf, minutesInMonth } from '../../bench/cost/fixed.ts';
import { prices } from '../../bench/cost/prices.ts';
import { type MeteredRequest, sqsRequestsOf } from '../../bench/cost/request-meter.ts';
import { accessLogBytesOf, gbSecondsOf, type Usage } from '../../bench/cost/usage.ts';
import { probeMemoryMb } from '../../infra/pipeline/probe.ts';
import type { Template } from '../../local/aws/template/assembly.ts';

const nothing: Usage = {
  changes: 1000,
  eventBridgeEvents: 0,
  httpApiRequests: 0,
  functions: {},
  sqsRequests: {},
  dynamodbReadUnits: 0,
  dynamodbWriteUnits: 0,
  logBytes: 0,
  purgeRequests: 0,
  metrics: new Set(),
};
const empty: Template = { Resources: {}, Outputs: {}, Parameters: {}, Conditions: {} };
const rate = { name: '10000', title: '', changes: 1000, perMinute: 10_000 };

function sqsRequest(own: Partial<MeteredRequest>): MeteredRequest {
  return { service: 'AmazonSQS', action: '', requestBytes: 100, responseBytes: 100, durationMs: 1, ...own };
}

test('computing takes longer with less memory, and waiting does not', () => {
  expect(gbSecondsOf({ wallMs: 1000, cpuMs: 0, memoryMb: 512 })).toBeCloseTo(0.5);
  expect(gbSecondsOf({ wallMs: 100, cpuMs: 100, memoryMb: 1769 })).toBeCloseTo(0.1 * (1769 / 1024), 3);
  const small = gbSecondsOf({ wallMs: 100, cpuMs: 100, memoryMb: 256 });
  expect(small).toBeCloseTo((0.1 * 1769) / 1024, 3);
});

test('SQS bills each 64 KB of a request, and what a poller at rest asks is not billed by the change', () => {
  const requests = [
    sqsRequest({ action: 'SendMessageBatch', requestBytes: 65_536 }),
    sqsRequest({ action: 'SendMessageBatch', requestBytes: 65_537 }),
    sqsRequest({ action: 'ReceiveMessage', responseBytes: 200_000 }),
    sqsRequest({ action: 'ReceiveMessage', durationMs: 20_000 }),
    sqsRequest({ service: 'DynamoDB_20120810', action: 'GetItem' }),
  ];
  expect(sqsRequestsOf(requests)).toEqual({ SendMessageBatch: 3, ReceiveMessage: 4 });
});

test("a request of an API is a line of its access log, with CloudWatch's 26 bytes", () => {
  const stage = (Properties: object): Template => ({
    ...empty,
    Resources: { Stage: { Type: 'AWS::ApiGatewayV2::Stage', Properties: { ...Properties } } },
  });
  const Format = '{"id":"$context.requestId"}';
  expect(accessLogBytesOf(stage({ AccessLogSettings: { Format } }))).toBe('{"id":"1234567890"}'.length + 26);
  expect(accessLogBytesOf(stage({}))).toBe(0);
});

test('a bill is that of a million changes', () => {
  const usage = {
    ...nothing,
    eventBridgeEvents: 1000,
    functions: { submit: { invocations: 1000, gbSeconds: 0 } },
    logBytes: 1_000_000,
  };
  const bill = billOf(usage, rate);
  expect(bill.EventBridge).toBeCloseTo(1);
  expect(bill.submit).toBeCloseTo(0.2);
  expect(bill['CloudWatch Logs']).toBeCloseTo(0.5);
  expect(totalOf(bill)).toBeCloseTo(1.7, 2);
});

test('in bulk, what waits for the limit is billed, and at a rate nothing waits', () => {
  const { perMinute: _, ...bulk } = rate;
  expect(billOf(nothing, bulk)['submit, while it waits for the limit']).toBeGreaterThan(0.005);
  expect(billOf(nothing, rate)['submit, while it waits for the limit']).toBe(0);
});

test('pollers cost at rest, and an alarm costs by the metrics that it watches', () => {
  const template: Template = {
    ...empty,
    Resources: {
      Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: {} },
      Simple: { Type: 'AWS::CloudWatch::Alarm', Properties: { MetricName: 'Errors' } },
      Ratio: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { Metrics: [{ Expression: 'a/b' }, { MetricStat: {} }, { MetricStat: {} }] },
      },
    },
  };
  const costs = fixedCostsOf(template, { secrets: 1, metrics: 0 });
  const of = (what: RegExp) => costs.find((cost) => what.test(cost.what));
  // Five pollers, three times a minute, 43,800 minutes: 657,000 requests.
  expect(of(/polling/)?.usd).toBeCloseTo(0.2628);
  expect(of(/alarms/)).toMatchObject({ count: 3 });
});

test('docs/cost.md says that a million S3 changes in bulk cost less than a dollar', () => {
  const text = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
  const table = text.split('### A million changes by S3 → SQS')[1]?.split('###')[0] ?? '';
  const total = /\*\*([\d.]+)\*\* \|$/m.exec(table)?.[1];
  expect(Number(total)).toBeGreaterThan(0.4);
  expect(Number(total)).toBeLessThan(1);
});

test('a function on a schedule costs cents in a month in which nothing waits, and docs/cost.md says so', () => {
  const template: Template = {
    ...empty,
    Resources: {
      Schedule: { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression: 'rate(1 minute)' } },
      Rule: { Type: 'AWS::Events::Rule', Properties: { EventPattern: {} } },
    },
  };
  const ticks = fixedCostsOf(template, { secrets: 0, metrics: 0 }).find(({ what }) => /ticks/.test(what));
  expect(ticks?.count).toBe(1);
  expect(ticks?.usd).toBeLessThan(0.05);
  const text = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8');
  expect(text).toContain(`| ticks while nothing waits | ${ticks?.usd.toFixed(2)} (1) |`);
});

test('docs/cost.md says what proving costs at the utmost', () => {
  const tickMemoryMb = 512;
  const gb = (tickMemoryMb + probeMemoryMb) / 1024;
  const minuteUsd = 25 * gb * prices.lambdaGbSecond.usd + prices.lambdaRequest.usd;
  const text = readFileSync(new URL('../../docs/cost.md', import.meta.url), 'utf8').replace(/\s+/g, ' ');
  expect(text).toContain(`it is ${(minuteUsd * minutesInMonth).toFixed(2)} dollars`);
  expect(100 * (gb * prices.lambdaGbSecond.usd + prices.lambdaRequest.usd)).toBeCloseTo(0.001);
});
