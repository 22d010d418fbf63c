import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Retired words, as whole words in any case, and what replaces them. Records and the changelog are history. */
const retired: Readonly<Record<string, string>> = {
  'a text': 'a string',
  beside: 'next to, in addition to',
  'by daylight': 'during business hours',
  fillOf: 'fillRatio',
  'for ever': 'forever',
  'functions/aws/sdk': 'the AWS SDK',
  'giv(e|es|en|ing) ?back': 'requeue, return',
  ifRemembered: 'onlyIfRemembered',
  isForgotten: 'skipMemory',
  isSweeping: 'affectsAllEntries',
  isWatched: 'matchesFilter',
  'let(LogsUse|Send|PutEvents)': 'grant…',
  'mend(s|ed|ing)?': 'fix, correct',
  overtaken: 'superseded (overtakenBy is a field of logs and of `explain --json`)',
  patienceMs: 'timeoutMs',
  'peel(ed|s)?': 'trim',
  'realms?': 'cover group',
  Recollection: 'RecallResult',
  'RuleFault|faultsOf\\w*': 'ValidationIssue, validate…',
  Sighting: 'Observation',
  spelt: 'written, encoded',
  'stands? for': 'is, means, replaces',
  'take[ns]?Places?': 'acquireSlots, usedSlots',
  'traced-?errors': 'source-mapped-errors',
  'what becomes of': 'what happens to, the outcome of',
  whoever: 'anybody who',
};

const files = [
  ...globSync('{bench,docs,functions,infra,local,packaging,test}/**/*.{ts,mjs,cjs,md,php}'),
  ...globSync('*.{mjs,ts,md}'),
].filter((file) => !/^(docs\/adr\/|CHANGELOG\.md|test\/unit\/words\.test\.ts)/.test(file));
const lines = files.flatMap((file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map((line, index) => ({ line, where: `${file}:${index + 1}` })),
);

test('the files are found', () => {
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'functions/core/planning/plan.ts', 'infra/app.ts']),
  );
});

test.each(Object.entries(retired))('"%s" is retired: %s', (word) => {
  const pattern = new RegExp(`(?<!\\w)(${word})(?!\\w)`, 'i');
  expect(lines.filter(({ line }) => pattern.test(line)).map(({ where }) => where)).toEqual([]);
});
