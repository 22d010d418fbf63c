import type { EntryChange, FileEntry, ObjectChange } from '../../functions/core/model/types.ts';

/** A put of an S3 object, unless told otherwise. */
export function objectChange(key: string, overrides: Partial<ObjectChange> = {}): ObjectChange {
  return {
    source: 's3',
    action: 'put',
    id: `s3://site/${key}`,
    occurredAt: '2026-01-01T00:00:00.000Z',
    bucket: 'site',
    key,
    ...overrides,
  };
}

/** A publish of a Contentful blog post, unless told otherwise. */
export function entryChange(overrides: Partial<EntryChange> = {}): EntryChange {
  return {
    source: 'contentful',
    webhook: 'contentful',
    action: 'put',
    id: 'entry-1',
    occurredAt: '2026-01-01T00:00:00.000Z',
    type: 'blogPost',
    fields: { slug: 'hello' },
    ...overrides,
  };
}

/** A file to invalidate in production, unless told otherwise. */
export function fileEntry(url: string, overrides: Partial<FileEntry> = {}): FileEntry {
  return { kind: 'file', url, target: 'production', action: 'invalidate', ...overrides };
}
