import { describe, expect, it } from 'vitest';
import {
  clearStale,
  emptyMemory,
  type Observation,
  recordObservations,
} from '../../functions/core/mapping/entry-memory.ts';
import { fileEntry } from '../helpers/changes.ts';

const url = (slug: string) => `https://h.example/${slug}`;
const removed = (slug: string) => fileEntry(url(slug), { action: 'delete' });

function put(slug: string, atMs: number, locale?: string): Observation {
  return {
    locale,
    action: 'put',
    atMs,
    entries: [fileEntry(url(slug))],
    onDelete: [removed(slug)],
    former: [],
    isPartial: false,
    onlyIfRemembered: false,
  };
}

function unpublish(atMs: number, locale?: string): Observation {
  return { ...put('', atMs, locale), action: 'delete', entries: [], onDelete: [] };
}

describe('the memory of a CMS entry', () => {
  it('has the former URL purged after a rename, until that is cleared', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    const renamed = recordObservations(memory, [put('b', 2)]);
    expect(renamed.entries).toEqual([fileEntry(url('b')), removed('a')]);
    expect(recordObservations(renamed.memory, [put('b', 2)]).entries).toEqual(renamed.entries);
    expect(recordObservations(clearStale(renamed.memory), [put('b', 2)]).entries).toEqual([
      fileEntry(url('b')),
    ]);
  });

  it('purges what an older change maps to, and does not take it for live', () => {
    const { memory } = recordObservations(emptyMemory, [put('b', 2)]);
    const late = recordObservations(memory, [put('a', 1)]);
    expect(late.entries).toEqual([fileEntry(url('a'))]);
    expect(late.memory['']?.live.map(({ entry }) => entry)).toEqual([removed('b')]);
  });

  it('stays as it is, identically, where a delivery comes again', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    expect(recordObservations(memory, [put('a', 1)]).memory).toBe(memory);
    expect(clearStale(memory)).toBe(memory);
  });

  it('takes a delete without a locale for one of every locale', () => {
    const { memory } = recordObservations(emptyMemory, [put('en', 1, 'en'), put('de', 1, 'de')]);
    expect(recordObservations(memory, [unpublish(2)]).entries).toEqual([removed('en'), removed('de')]);
  });

  it('takes locales that a complete put does not name for gone', () => {
    const { memory } = recordObservations(emptyMemory, [put('en', 1, 'en'), put('de', 1, 'de')]);
    expect(recordObservations(memory, [put('en', 2, 'en')], true).entries).toEqual([
      fileEntry(url('en')),
      removed('de'),
    ]);
  });

  it('keeps a locale apart that is named as a member of every object', () => {
    for (const locale of ['__proto__', 'constructor']) {
      const { memory } = recordObservations(emptyMemory, [put('a', 1, locale)]);
      expect(Object.keys(memory)).toEqual([locale]);
      expect(recordObservations(memory, [unpublish(2, locale)]).entries).toEqual([removed('a')]);
    }
  });

  it('ignores a delete of what may never have been public, unless it is remembered', () => {
    const quiet: Observation = { ...unpublish(2), entries: [removed('a')], onlyIfRemembered: true };
    expect(recordObservations(emptyMemory, [quiet])).toEqual({ entries: [], memory: emptyMemory });
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    expect(recordObservations(memory, [quiet]).entries).toEqual([removed('a')]);
  });
});
