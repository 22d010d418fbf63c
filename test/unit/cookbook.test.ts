import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { EntryChange, OriginChange, PurgeEntry } from '../../functions/core/model/types.ts';
import { changesThatPurge } from '../../infra/cli/explain/reverse/changes-that-purge.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { entryChange, objectChange } from '../helpers/changes.ts';
import { fits } from '../helpers/fitting-change.ts';
import { blocksOf, evaluate, sectionsOf } from '../helpers/markdown.ts';

const recipes = sectionsOf(readFileSync('docs/cookbook.md', 'utf8'), 2);

test('there are ten recipes', () => {
  expect(recipes).toHaveLength(10);
});

describe.each(recipes)('$heading', ({ text }) => {
  const [source = ''] = blocksOf(text, 'js');
  const [changes = ''] = blocksOf(text, 'text');

  test.each(readChanges(changes))('$line', async ({ line, urls }) => {
    const rules = await evaluate(source.trim());
    const { entries, problems } = compileRules(checkSettings({ target: 'production', rules })).map(
      changeOf(line),
    );
    expect(entries.map(describeEntry)).toEqual(urls);
    expect(problems).toEqual([]);
  });

  test.each(readChanges(changes))('$line is named by explain of each of its URLs', async ({ line, urls }) => {
    const { rules } = checkSettings({ target: 'production', rules: await evaluate(source.trim()) });
    const change = changeOf(line);
    for (const url of urls.flatMap((each) => /\bfile (\S+)/.exec(each)?.[1] ?? [])) {
      const found = changesThatPurge({ target: 'production', rules, queues: [{ arn: 'any' }] }, url);
      expect([url, found.some((each) => fits(change, each))]).toEqual([url, true]);
    }
  });
});

/** A change on a line of its own, and below it, set in by two spaces, what it makes stale. */
function readChanges(block: string): { line: string; urls: string[] }[] {
  const changes: { line: string; urls: string[] }[] = [];
  for (const line of block.trimEnd().split('\n')) {
    if (line.startsWith('  ')) changes.at(-1)?.urls.push(line.trim());
    else changes.push({ line, urls: [] });
  }
  return changes;
}

function changeOf(line: string): OriginChange {
  const [, action, bucket, key] = /^(put|delete) s3:\/\/([^/]+)\/(.+)$/.exec(line) ?? [];
  if (bucket !== undefined && key !== undefined) {
    return objectChange(key, { bucket, action: action === 'delete' ? 'delete' : 'put' });
  }
  const [, source = '', json = ''] = /^(\S+) (\{.*\})$/.exec(line) ?? [];
  return entryChange({ source, webhook: source, ...(JSON.parse(json) as Partial<EntryChange>) });
}

function describeEntry(entry: PurgeEntry): string {
  const { action, target, kind } = entry;
  const headers = entry.kind === 'file' ? (entry.headers ?? []) : [];
  return [
    ...(action === 'delete' ? ['delete'] : []),
    ...(target === 'staging' ? ['staging'] : []),
    kind,
    entry.kind === 'regex' ? entry.pattern : entry.url,
    ...headers.map(({ name, value }) => `[${name}: ${value}]`),
  ].join(' ');
}
