import { expect, test } from 'vitest';
import { printLive } from '../../local/demo/print.ts';
import { createTimeline } from '../../local/demo/timeline/timeline.ts';

test('what happens in the stack is printed in words, and nothing is left out', () => {
  const printed: string[] = [];
  const timeline = createTimeline(() => Date.parse('2026-01-01T09:00:00.000Z'));
  printLive(timeline, (line) => printed.push(line.slice(14))).on = true;
  const log = (line: object) => timeline.add('Submit', JSON.stringify(line));
  const change = { id: 's3://bucket/a.map', action: 'put' };
  log({ message: 'change matches no rule', change });
  log({ message: 'change left out by an exception of a rule', change });
  log({
    message: 'entries parked: they wait for tokens of the day',
    entries: 3,
    reasons: { tokens: 2, share: 1 },
  });
  log({ level: 'WARN', service: 'submit', message: 'throttled by CDN Pro: requests paused', status: 429 });
  expect(printed).toEqual([
    'ignored  s3://bucket/a.map  (no rule matches it)',
    'ignored  s3://bucket/a.map  (`except` of its rule leaves it out)',
    'parked   3 URLs, until there are tokens for them (2: its lane has no token left; 1: the sender has had half of the day, and others wait)',
    'submit: throttled by CDN Pro: requests paused (status: 429)',
  ]);
});
