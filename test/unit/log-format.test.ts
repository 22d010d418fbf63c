import type { Context } from 'aws-lambda';
import { expect, test, vi } from 'vitest';
import { enqueueEvents } from '../../functions/lambda/log-events.ts';
import { createLogger } from '../../functions/lambda/logger.ts';

/** Logs one line as a function does, and returns it. */
function lineOf(fields: Record<string, unknown>): Record<string, unknown> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => {});
  try {
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0');
    const logger = createLogger('receive-s3');
    logger.addContext({
      functionName: 'a-function',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:a-function',
      memoryLimitInMB: '256',
      awsRequestId: 'request-1',
    } as Context);
    logger.info(enqueueEvents.changeQueued, fields);
    return JSON.parse(String(info.mock.calls[0]?.[0])) as Record<string, unknown>;
  } finally {
    vi.unstubAllEnvs();
    info.mockRestore();
  }
}

test('a line says when, who, which invocation, what and its own fields, and nothing that is the same on each', () => {
  const line = lineOf({ urls: ['https://www.example.com/a'], change: { id: 's3://bucket/a' } });
  expect(line).toEqual({
    level: 'INFO',
    message: enqueueEvents.changeQueued,
    timestamp: expect.any(String),
    service: 'receive-s3',
    function_request_id: 'request-1',
    urls: ['https://www.example.com/a'],
    change: { id: 's3://bucket/a' },
  });
});

test('an error keeps its name, message and stack', () => {
  const { error } = lineOf({ error: new RangeError('out of range') });
  expect(error).toMatchObject({ name: 'RangeError', message: 'out of range', stack: expect.anything() });
});

test('a line stays below what CloudWatch takes: of long lists it has the beginning, and how many it leaves out', () => {
  const urls = Array.from({ length: 20_000 }, (_, index) => `https://www.example.com/page-${index}`);
  const line = lineOf({
    urls,
    covered: urls,
    few: ['a', 'b'],
    probes: [{ url: 'c' }],
    long: ['d'.repeat(90_000)],
  });
  expect(Buffer.byteLength(JSON.stringify(line))).toBeLessThan(256_000);
  const listed = line.urls as readonly string[];
  expect(listed.length).toBeGreaterThan(1000);
  expect(listed).toEqual(urls.slice(0, listed.length));
  expect(line.urlsLeftOut).toBe(20_000 - listed.length);
  expect(line).toMatchObject({ few: ['a', 'b'], probes: [{ url: 'c' }], long: [], longLeftOut: 1 });
  expect(line).not.toHaveProperty('fewLeftOut');
});
