import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { webhookSources } from '../../functions/sources/registry.ts';
import { rowsOf } from '../helpers/markdown.ts';

const rows = rowsOf(readFileSync('docs/sources.md', 'utf8'));
/** `[Kontent.ai](#kontentai)` and `kontent-ai` are the same. */
const plain = (text = '') =>
  text
    .replace(/\[(.*)\]\(.*\)/, '$1')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
const described = new Set(rows.map(([option = '']) => option));

describe.each(Object.values(webhookSources))('docs/sources.md about $name', ({ name, options }) => {
  const own = rows.filter(([first]) => plain(first) === plain(name));

  test('names its options, each of which is described', () => {
    const [cells] = own.filter((row) => row.length === 5);
    const named = [...(cells?.[4] ?? '').matchAll(/`(\w+)`(?! *\))/g)].map(([, option]) => option);
    const known: readonly string[] = options.filter((option) => option !== 'sweep');
    expect(named.toSorted()).toEqual(known.toSorted());
    expect(options.filter((option) => !described.has(`\`${option}\``))).toEqual([]);
  });

  test('says in one line what it cannot tell', () => {
    expect(own.filter((row) => row.length === 2).map(([, line = '']) => line !== '')).toEqual([true]);
  });
});
