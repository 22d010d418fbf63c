import { describe, expect, it } from 'vitest';
import type { MappingSettings } from '../../local/aws/event-source/batch.ts';
import { checkMapping } from '../../local/aws/event-source/mappings.ts';

const limits = { visibilityTimeoutSeconds: 60, functionTimeoutSeconds: 30 };

function mapping(overrides: Partial<MappingSettings> = {}): MappingSettings {
  return {
    logicalId: 'Mapping',
    queueUrl: 'http://127.0.0.1:1/000000000000/q',
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:q',
    region: 'us-east-1',
    batchSize: 10_000,
    batchingWindowSeconds: 5,
    maximumConcurrency: 2,
    reportsBatchItemFailures: true,
    ...overrides,
  };
}

describe('checkMapping', () => {
  it('accepts what AWS accepts', () => {
    expect(() => checkMapping(mapping(), limits)).not.toThrow();
    expect(() => checkMapping(mapping({ batchSize: 10, batchingWindowSeconds: 0 }), limits)).not.toThrow();
  });

  it.each([
    [{ batchSize: 10_001 }, limits, 'Mapping: expected BatchSize to be from 1 to 10000, got 10001'],
    [{ batchingWindowSeconds: 0 }, limits, 'of at least 1 with a BatchSize over 10, got 0'],
    [{ batchingWindowSeconds: 301 }, limits, 'MaximumBatchingWindowInSeconds to be from 0 to 300, got 301'],
    [{ maximumConcurrency: 1 }, limits, 'MaximumConcurrency to be from 2 to 1000, got 1'],
    [{}, { ...limits, visibilityTimeoutSeconds: 29 }, "at least the function's Timeout of 30 s, got 29"],
  ])('refuses %j like AWS', (overrides, given, message) => {
    expect(() => checkMapping(mapping(overrides), given)).toThrow(message);
  });
});
