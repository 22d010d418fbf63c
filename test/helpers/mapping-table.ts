import { describe, expect, test } from 'vitest';
import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import type {
  ChangeAction,
  EntryChange,
  ObjectChange,
  PurgeEntry,
} from '../../functions/core/model/types.ts';
import { checkSettings } from '../../infra/settings/settings.ts';
import { entryChange, objectChange } from './changes.ts';

/** An S3 key that was put; or parts of an object's change, or of an entry's. */
export type TableChange =
  | string
  | (Partial<ObjectChange> & { readonly key: string })
  | (Partial<EntryChange> & { readonly fields: EntryChange['fields'] });

/** The host of URLs in a table that begin with a slash. */
export const tableHost = 'https://www.example.com';

/**
 * A change and what it makes stale: `/a.html` is a file, `dir /a/*` a directory, `regex …` a regular expression, on
 * {@link tableHost} unless another host stands there. What is not invalidated in production says so before:
 * `delete`, `staging`. `refused: …` is a URL that cannot be purged, with the beginning of the reason.
 */
export type TableRow = readonly [change: TableChange, ...expected: readonly string[]];

/** Tests that rules, which have to be sound, make exactly these entries of each change. */
export function mappingTable(title: string, rules: Rule | readonly Rule[], rows: readonly TableRow[]): void {
  const list = [rules].flat();
  describe(title, () => {
    const settings = checkSettings({ target: 'production', rules: list });
    const ruleSet = compileRules(settings);
    test.each(rows.map(([change, ...expected]) => ({ title: titleOf(change), change, expected })))(
      '$title: $expected',
      ({ change, expected }) => {
        const { entries, problems } = ruleSet.map(changeOf(change));
        const refused = problems.map(({ reason }) => `refused: ${reason}`);
        const received = [...entries.map(describeEntry), ...refused];
        const wanted = expected.map((line, index) => {
          const other = received[index];
          return line.startsWith('refused: ') && other?.startsWith(line) ? other : line;
        });
        expect(received).toEqual(wanted);
      },
    );
  });
}

function titleOf(change: TableChange): string {
  const text = typeof change === 'string' ? JSON.stringify(change) : JSON.stringify(change);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** @returns the change that a row speaks of */
export function changeOf(change: TableChange): ObjectChange | EntryChange {
  if (typeof change === 'string') return objectChange(change);
  if ('key' in change) return objectChange(change.key, change);
  return entryChange(change);
}

/** @returns an entry as tables write it */
export function describeEntry(entry: PurgeEntry): string {
  const action: readonly string[] = entry.action === 'delete' ? ['delete' satisfies ChangeAction] : [];
  const target = entry.target === 'staging' ? ['staging'] : [];
  const kind = entry.kind === 'file' ? [] : [entry.kind];
  const url = entry.kind === 'regex' ? entry.pattern : entry.url;
  const short = url.startsWith(`${tableHost}/`) ? url.slice(tableHost.length) : url;
  const headers = entry.kind === 'file' ? (entry.headers ?? []) : [];
  const notes = headers.map(({ name, value }) => `[${name}: ${value}]`);
  const webhook = entry.webhook === undefined ? [] : [`webhook ${entry.webhook}`];
  return [...action, ...target, ...kind, short, ...notes, ...webhook].join(' ');
}
