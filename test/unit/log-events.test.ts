import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as groups from '../../functions/lambda/log-events.ts';
import { rowsOf, sectionsOf } from '../helpers/markdown.ts';

const operations = readFileSync('docs/operations.md', 'utf8');
const messages = Object.values(groups).flatMap((group) => Object.values<string>(group));
const section = (title: string) =>
  sectionsOf(operations, 2).find(({ heading }) => heading === title)?.text ?? '';

/** The messages at the start of a table's cells, less what is said of them. */
const messagesIn = (text: string, column: number) =>
  rowsOf(text).map((cells) => /^`([^`]+)`/.exec(cells[column] ?? '')?.[1]);

test('every log message has its own words', () => {
  expect(new Set(messages).size).toBe(messages.length);
});

test('the operations guide lists every log message and no other', () => {
  expect(messagesIn(section('Log messages'), 1)).toEqual(messages);
});

test('the messages that want somebody are log messages', () => {
  expect(messages).toEqual(expect.arrayContaining(messagesIn(section('Messages that want somebody'), 0)));
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
