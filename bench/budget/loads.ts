import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ChangeReference } from '../../functions/core/model/purge-message.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { createRandom } from '../simulation/world/random.ts';

/** One thing that changed, and the entry that it makes. */
export interface BudgetChange {
  readonly atMs: number;
  readonly entry: PurgeEntry;
  readonly change: ChangeReference;
  /** Who made it, in truth. The code under test has to find out. */
  readonly by: 'takedown' | 'people' | 'machine';
  /** Written again with the same content. */
  readonly isSame?: boolean;
}

/** Changes of some days on one contract. */
export interface BudgetLoad {
  readonly name: string;
  /** In the order of their times. */
  readonly changes: readonly BudgetChange[];
  /** What the user could name for `convertInShortage`, see `docs/quota.md`. */
  readonly convertInShortage?: readonly string[];
  /** What holds for rules' directories, where the load has some, once the rush on a full quota is over. */
  readonly directoryGoal?: { readonly meanMs: number; readonly maxMs: number; readonly fromMs: number };
}

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
/** Midnight, UTC. */
const startMs = 20_000 * dayMs;
const site = 'https://www.example.com';

/** @returns the loads of the comparison, always the same */
export function createBudgetLoads(): readonly BudgetLoad[] {
  return [
    { name: 'a site, as it was', changes: trace(1) },
    { name: 'a site, ten times as large', changes: trace(10), convertInShortage: [`${site}/`] },
    { name: 'nightly 2,000, 3% changed', changes: nightly(2000, 0.03) },
    { name: 'nightly 2,000, all changed', changes: nightly(2000, 1) },
    { name: 'nightly 20,000, 3% changed', changes: nightly(20_000, 0.03) },
    {
      name: 'nightly 20,000, all changed',
      changes: nightly(20_000, 1),
      convertInShortage: [`${site}/docs/`],
    },
    {
      name: 'an import of 10,000',
      changes: importOf(10_000),
      convertInShortage: [`${site}/articles/`],
    },
    {
      name: '50 posts a day, one rule',
      changes: posts(1),
      directoryGoal: { meanMs: 21 * minuteMs, maxMs: 44 * minuteMs, fromMs: startMs + 3 * dayMs },
    },
    {
      name: '50 posts a day, five rules',
      changes: posts(5),
      directoryGoal: { meanMs: 2 * hourMs, maxMs: 4.5 * hourMs, fromMs: startMs + 3 * dayMs },
    },
  ];
}

/** @returns three days of a site a quarter as large as the largest, written anew each night, and editors by day */
export function createQuarterLoad(): BudgetLoad {
  const changes = nightly(5000, 1).filter(({ atMs }) => atMs < startMs + 3 * dayMs);
  return { name: 'nightly 5,000 with a quarter of the quota', changes };
}

/** The history of a documentation site, each file as so many URLs. See `bench/traces/README.md`. */
function trace(copies: number): readonly BudgetChange[] {
  const file = join(import.meta.dirname, '../traces/docs-site-a.tsv.gz');
  const tellWho = whoMadeIt();
  return gunzipSync(readFileSync(file))
    .toString()
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const [seconds = '', letter = '', path = ''] = line.split('\t');
      const atMs = Number(seconds) * 1000;
      const action = letter === 'D' ? 'delete' : 'put';
      return Array.from({ length: copies }, (_, copy) => {
        const key = copy === 0 ? path : `${path}~${copy}`;
        return object(atMs, key, { action, by: tellWho(atMs, action) });
      });
    });
}

/** A history does not say who made a change. Few at a time are taken to be made by people, as the design has it. */
function whoMadeIt() {
  const since = { put: 0, delete: 0 };
  const count = { put: 0, delete: 0 };
  const lasts = { put: 10 * minuteMs, delete: 5 * minuteMs };
  return (atMs: number, action: 'put' | 'delete'): BudgetChange['by'] => {
    if (atMs - since[action] >= lasts[action]) {
      since[action] = atMs;
      count[action] = 0;
    }
    count[action]++;
    if (action === 'delete') return count.delete <= 20 ? 'takedown' : 'machine';
    return count.put <= 100 ? 'people' : 'machine';
  };
}

/** Each night the whole site is written anew; editors publish by day, and take two pages down. */
function nightly(files: number, changed: number): readonly BudgetChange[] {
  const random = createRandom(1);
  const days = Array.from({ length: 7 }, (_, day) => startMs + day * dayMs);
  const deploys = days.flatMap((day) =>
    Array.from({ length: files }, (_, index) =>
      object(day + 2 * hourMs + index * 10, `docs/${index % 40}/page-${index}.html`, {
        action: 'put',
        by: 'machine',
        isSame: random() >= changed,
      }),
    ),
  );
  return inOrder([...deploys, ...days.flatMap((day) => editors(day, 50, random))]);
}

/** A CMS gets everything from an old one, by way of a bucket; editors go on. */
function importOf(files: number): readonly BudgetChange[] {
  const random = createRandom(2);
  const imported = Array.from({ length: files }, (_, index) =>
    object(startMs + 10 * hourMs + index * 60, `articles/${index % 20}/${index}.html`, {
      action: 'put',
      by: 'machine',
    }),
  );
  const days = Array.from({ length: 4 }, (_, day) => startMs + day * dayMs);
  return inOrder([...imported, ...days.flatMap((day) => editors(day, 100, random))]);
}

function editors(day: number, edits: number, random: () => number): readonly BudgetChange[] {
  const published = Array.from({ length: edits }, (_, index) =>
    entry(workingHours(day, random()), `news/${day}-${index}.html`, { action: 'put', by: 'people' }),
  );
  const unpublished = Array.from({ length: 2 }, (_, index) =>
    entry(workingHours(day, random()), `news/old-${day}-${index}.html`, { action: 'delete', by: 'takedown' }),
  );
  return [...published, ...unpublished];
}

/** Each post makes its page stale, and the directories of so many rules. */
function posts(rules: number): readonly BudgetChange[] {
  const random = createRandom(3);
  const days = Array.from({ length: 14 }, (_, day) => startMs + day * dayMs);
  const all = days.flatMap((day) =>
    Array.from({ length: 50 }, (_, index) => {
      const atMs = workingHours(day, random());
      const page = entry(atMs, `blog/${day}-${index}.html`, { action: 'put', by: 'people' });
      const directories = Array.from(
        { length: rules },
        (_, rule): BudgetChange => ({
          ...page,
          entry: { kind: 'dir', url: `${site}/list-${rule}/*`, target: 'production', action: 'invalidate' },
        }),
      );
      return [page, ...directories];
    }).flat(),
  );
  return inOrder(all);
}

function workingHours(day: number, share: number): number {
  return Math.floor(day + (9 + 9 * share) * hourMs);
}

function inOrder(changes: readonly BudgetChange[]): readonly BudgetChange[] {
  return changes.toSorted((a, b) => a.atMs - b.atMs);
}

type Made = Pick<BudgetChange, 'by' | 'isSame'> & { readonly action: 'put' | 'delete' };

function object(atMs: number, key: string, { action, ...made }: Made): BudgetChange {
  const occurredAt = new Date(atMs).toISOString();
  return {
    atMs,
    ...made,
    entry: { kind: 'file', url: `${site}/${key}`, target: 'production', action: 'invalidate' },
    change: { source: 's3', action, id: `s3://site/${key}`, occurredAt },
  };
}

function entry(atMs: number, path: string, { action, ...made }: Made): BudgetChange {
  const occurredAt = new Date(atMs).toISOString();
  return {
    atMs,
    ...made,
    entry: { kind: 'file', url: `${site}/${path}`, target: 'production', action: 'invalidate' },
    change: { source: 'contentful', webhook: 'cms', action, id: path, occurredAt },
  };
}
