import { describe, expect, it } from 'vitest';
import {
  entryKey,
  entryKeyWithoutAction,
  headersKey,
  scopeKey,
} from '../../functions/core/model/entry-key.ts';
import type { FileEntry, PurgeEntry } from '../../functions/core/model/types.ts';

const file: FileEntry = {
  kind: 'file',
  url: 'https://h.example/a',
  target: 'production',
  action: 'invalidate',
};
const withHeaders = (...headers: readonly [string, string][]): FileEntry => ({
  ...file,
  headers: headers.map(([name, value]) => ({ name, value })),
});

describe('the key of a purge entry', () => {
  it('is the same whatever the order of its members', () => {
    const { action, target, url, kind } = file;
    expect(entryKey({ action, target, url, kind })).toBe(entryKey(file));
  });

  it('ignores the order of headers and the case of their names', () => {
    const one = withHeaders(['Accept', 'image/webp'], ['X-Device', 'phone']);
    const other = withHeaders(['x-device', 'phone'], ['accept', 'image/webp']);
    expect(entryKey(one)).toBe(entryKey(other));
    expect(headersKey(one)).toBe(headersKey(other));
  });

  it('minds the case of header values', () => {
    expect(entryKey(withHeaders(['x', 'a']))).not.toBe(entryKey(withHeaders(['x', 'A'])));
  });

  it('takes an empty header set as none', () => {
    expect(entryKey(withHeaders())).toBe(entryKey(file));
  });

  it('tells apart whatever differs in kind, text, headers, target, action or webhook', () => {
    const entries: readonly PurgeEntry[] = [
      file,
      withHeaders(['x', '1']),
      withHeaders(['x', '2']),
      { ...file, url: 'https://h.example/b' },
      { ...file, target: 'staging' },
      { ...file, action: 'delete' },
      { ...file, webhook: 'w' },
      { ...file, kind: 'dir' },
      { kind: 'regex', pattern: file.url, target: 'production', action: 'invalidate' },
    ];
    expect(new Set(entries.map(entryKey)).size).toBe(entries.length);
  });

  it('tells entries apart whose members run into each other', () => {
    const regex = (pattern: string, webhook: string): PurgeEntry => {
      return { kind: 'regex', pattern, target: 'production', action: 'invalidate', webhook };
    };
    expect(entryKey(regex('p\n\nproduction\ninvalidate\nw', 'v'))).not.toBe(
      entryKey(regex('p', 'w\n\nproduction\ninvalidate\nv')),
    );
  });
});

it('without the action, an invalidate and a delete of the same have one key, other scopes have others', () => {
  expect(entryKeyWithoutAction({ ...file, action: 'delete' })).toBe(entryKeyWithoutAction(file));
  expect(entryKeyWithoutAction({ ...file, target: 'staging' })).not.toBe(entryKeyWithoutAction(file));
});

it("a scope's key tells target, action and webhook apart", () => {
  const scopes = [file, { ...file, target: 'staging' as const }, { ...file, action: 'delete' as const }];
  expect(new Set([...scopes, { ...file, webhook: 'w' }].map(scopeKey)).size).toBe(4);
  expect(scopeKey({ ...file, webhook: 'w' })).not.toBe(scopeKey(file));
});
