import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { expect, test, vi } from 'vitest';
import { counted } from '../../functions/counted.ts';
import { LeanLogFormatter } from '../../functions/log-format.ts';

/** Logs one line as a function does, and returns it. */
function lineOf(fields: Record<string, unknown>): Record<string, unknown> {
  const info = vi.spyOn(console, 'info').mockImplementation(() => {});
  try {
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0');
    const logger = new Logger({
      serviceName: 'receive-s3',
      persistentKeys: { purger: 'Stack-Purger' },
      logFormatter: new LeanLogFormatter(),
    });
    logger.addContext({
      functionName: 'a-function',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:a-function',
      memoryLimitInMB: '256',
      awsRequestId: 'request-1',
    } as Context);
    logger.info('change queued', fields);
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
    message: 'change queued',
    timestamp: expect.any(String),
    service: 'receive-s3',
    function_request_id: 'request-1',
    urls: ['https://www.example.com/a'],
    change: { id: 's3://bucket/a' },
  });
});

test('a line that counts something has the dimension by which it is counted', () => {
  expect(lineOf(counted('ChangesUnmatched', 1, 0))).toMatchObject({
    service: 'receive-s3',
    purger: 'Stack-Purger',
    ChangesUnmatched: 1,
  });
});

test('an error keeps its name, message and stack', () => {
  const { error } = lineOf({ error: new RangeError('out of range') });
  expect(error).toMatchObject({ name: 'RangeError', message: 'out of range', stack: expect.anything() });
});
