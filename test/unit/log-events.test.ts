import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as groups from '../../functions/lambda/log-events.ts';
import * as submitEvents from '../../functions/lambda/submit-events.ts';
import { rowsOf } from '../helpers/markdown.ts';

const operations = readFileSync('docs/operations.md', 'utf8');
const messages = [...Object.values(groups), submitEvents].flatMap((group) => Object.values<string>(group));

test('every log message has its own words', () => {
  expect(new Set(messages).size).toBe(messages.length);
});

test('the documentation lists every log message and no other', () => {
  const rows = rowsOf(readFileSync('docs/log-messages.md', 'utf8'));
  const listed = rows.map(([, message = '']) => message);
  expect(listed.toSorted()).toEqual(messages.map((message) => `\`${message}\``).toSorted());
});

test('every filter of the operations guide finds a log message', () => {
  const patterns = [...operations.matchAll(/\$\.message = "([^"]+)"/g)].map(([, pattern = '']) => pattern);
  expect(patterns).not.toEqual([]);
  for (const pattern of patterns) {
    const isFound = (message: string) =>
      pattern.endsWith('*') ? message.startsWith(pattern.slice(0, -1)) : message === pattern;
    expect(messages.filter(isFound), pattern).not.toEqual([]);
  }
});
