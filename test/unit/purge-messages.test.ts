import { describe, expect, test } from 'vitest';
import { PurgeMessageError, type PurgeMessageOptions, purgeMessages } from '../../infra/purge-messages.ts';

const url = 'https://www.example.com/a';

/** The issues of options that a caller in plain JavaScript may give. */
function issuesOf(options: object): readonly string[] {
  try {
    purgeMessages(options as PurgeMessageOptions);
  } catch (error) {
    if (error instanceof PurgeMessageError) return error.issues;
    throw error;
  }
  return [];
}

describe('purgeMessages', () => {
  test.each([
    [{ target: 'prod', fileUrls: [url] }, '`target`: expected "production" or "staging", got "prod"'],
    [{ fileUrls: [url] }, '`target`: expected "production" or "staging", got nothing'],
    [
      { target: 'staging', action: 'remove', fileUrls: [url] },
      '`action`: expected "invalidate" or "delete", got "remove"',
    ],
    [
      { target: 'staging', lane: 'fast', fileUrls: [url] },
      '`lane`: expected "takedown" or "people" or "bulk", got "fast"',
    ],
    [{ target: 'staging', fileUrls: url }, '`fileUrls`: expected a list of strings, got "https://'],
    [{ target: 'staging', dirUrls: [1] }, '`dirUrls`: expected a list of strings, got '],
    [{ target: 'staging', files: [url] }, '`files`: expected no such field, got '],
    [{ target: 'staging', constructor: [url] }, '`constructor`: expected no such field, got '],
  ])('refuses what would be no purge: %j', (options, issue) => {
    expect(issuesOf(options)).toEqual([expect.stringContaining(issue)]);
  });

  test('takes options that are undefined for those that are missing', () => {
    expect(issuesOf({ target: 'staging', action: undefined, lane: undefined, fileUrls: [url] })).toEqual([]);
    expect(purgeMessages({ target: 'staging' })).toEqual([]);
  });
});
