import { afterEach, expect, test, vi } from 'vitest';
import {
  MissingVariableError,
  readEnvironment,
  readOptionalVariable,
} from '../../functions/lambda/environment.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('variables are read by name: strings as they are, others as JSON', () => {
  vi.stubEnv('BUFFER_QUEUE_URL', '"a queue"');
  vi.stubEnv('PLANNING', '{"maxFileUrls":1000,"maxBodyBytes":524288}');
  expect(readEnvironment('bufferQueueUrl', 'planning')).toEqual({
    bufferQueueUrl: '"a queue"',
    planning: { maxFileUrls: 1000, maxBodyBytes: 524_288 },
  });
});

test.each([undefined, ''])('a variable that is %j is named, or left out where it may be missing', (value) => {
  vi.stubEnv('BUFFER_QUEUE_URL', 'a queue');
  vi.stubEnv('WATCHED_OBJECTS', value);
  expect(() => readEnvironment('bufferQueueUrl', 'watchedObjects')).toThrow(MissingVariableError);
  expect(() => readEnvironment('bufferQueueUrl', 'watchedObjects')).toThrow('WATCHED_OBJECTS');
  expect(readOptionalVariable('watchedObjects')).toBeUndefined();
});
