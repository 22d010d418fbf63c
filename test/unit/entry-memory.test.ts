import { describe, expect, it } from 'vitest';
import {
  clearStale,
  emptyMemory,
  type Memory,
  type Observation,
  recordObservations,
} from '../../functions/core/mapping/entry-memory.ts';
import type { TimedEntry } from '../../functions/core/mapping/schedule.ts';
import { entryText } from '../../functions/core/model/entry-text.ts';
import type { PurgeEntry } from '../../functions/core/model/types.ts';
import { fileEntry } from '../helpers/changes.ts';

const url = (slug: string) => `https://h.example/${slug}`;
const atOnce = (entry: PurgeEntry): TimedEntry => ({ entry, delaysSeconds: [0] });
const current = (slug: string) => atOnce(fileEntry(url(slug)));
const removed = (slug: string) => atOnce(fileEntry(url(slug), { action: 'delete' }));

function put(slug: string, atMs: number, locale?: string): Observation {
  return {
    locale,
    action: 'put',
    fromMs: atMs,
    untilMs: atMs,
    entries: [current(slug)],
    onDelete: [removed(slug)],
    former: [],
    isPartial: false,
    onlyIfRemembered: false,
    affectsAllLocales: false,
  };
}

function unpublish(atMs: number, locale?: string): Observation {
  return { ...put('', atMs, locale), action: 'delete', entries: [], onDelete: [] };
}

function liveIn(memory: Memory): readonly string[] {
  return Object.values(memory).flatMap(({ live }) => live.map(({ entry }) => entryText(entry)));
}

describe('the memory of a CMS entry', () => {
  it('has the former URL purged after a rename, until that is cleared', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    const renamed = recordObservations(memory, [put('b', 2)]);
    expect(renamed.entries).toEqual([current('b'), removed('a')]);
    expect(recordObservations(renamed.memory, [put('b', 2)]).entries).toEqual(renamed.entries);
    expect(recordObservations(clearStale(renamed.memory), [put('b', 2)]).entries).toEqual([current('b')]);
  });

  it('purges what an older change maps to, and does not take it for live', () => {
    const { memory } = recordObservations(emptyMemory, [put('b', 2)]);
    const late = recordObservations(memory, [put('a', 1)]);
    expect(late.entries).toEqual([current('a')]);
    expect(liveIn(late.memory)).toEqual([url('b')]);
  });

  it('has a page invalidated, and not deleted, that other rules purge in another way', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    const called = { ...fileEntry(url('a')), webhook: 'w1' };
    const later = {
      ...put('a', 2),
      entries: [atOnce(called)],
      onDelete: [atOnce({ ...called, action: 'delete' })],
    };
    expect(recordObservations(memory, [later]).entries).toEqual([atOnce(called), current('a')]);
    const whole = { kind: 'dir', url: url('a'), target: 'production', action: 'invalidate' } as const;
    const inAll = {
      ...put('a', 2),
      entries: [atOnce(whole)],
      onDelete: [atOnce({ ...whole, action: 'delete' })],
    };
    expect(recordObservations(memory, [inAll]).entries).toEqual([atOnce(whole), current('a')]);
  });

  it('takes for live what a change maps to that is older than a partial one alone', () => {
    const partial = { ...put('', 2), entries: [], onDelete: [], isPartial: true };
    const { memory } = recordObservations(emptyMemory, [partial]);
    const late = recordObservations(memory, [put('a', 1)]);
    expect(late.entries).toEqual([current('a')]);
    expect(recordObservations(late.memory, [unpublish(3)]).entries).toEqual([removed('a')]);
    const older = recordObservations(late.memory, [put('b', 0)]);
    expect(liveIn(older.memory)).toEqual([url('a')]);
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
      current('en'),
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

  it('keeps both of two changes of the same time live: nobody knows which was the last', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    const tied = recordObservations(memory, [put('b', 1)]);
    expect(tied.entries).toEqual([current('b'), removed('a')]);
    expect(liveIn(tied.memory)).toEqual([url('b'), url('a')]);
    expect(recordObservations(tied.memory, [unpublish(2)])).toMatchObject({
      entries: [removed('b'), removed('a')],
      memory: { '': { live: [] } },
    });
  });

  it('keeps what is live through a delete that may be older', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 5)]);
    const { entries, memory: after } = recordObservations(memory, [{ ...unpublish(9), fromMs: 0 }]);
    expect(entries).toEqual([removed('a')]);
    expect(liveIn(after)).toEqual([url('a')]);
  });

  it('replaces what is live since changes that are certainly older, and nothing else', () => {
    const { memory } = recordObservations(emptyMemory, [put('a', 1)]);
    const { memory: uncertain } = recordObservations(memory, [{ ...put('b', 0), untilMs: 5 }]);
    const { entries, memory: after } = recordObservations(uncertain, [put('c', 3)]);
    expect(entries).toEqual([current('c'), removed('a'), removed('b')]);
    expect(liveIn(after)).toEqual([url('c'), url('b')]);
  });

  it('has a remembered URL purged as its rule has it: gone as by a delete, there as by a put', () => {
    const entry = { entry: fileEntry(url('a')), delaysSeconds: [5, 65] };
    const gone = { ...removed('a'), delaysSeconds: [60, 120] };
    const { memory } = recordObservations(emptyMemory, [
      { ...put('a', 1), entries: [entry], onDelete: [gone] },
    ]);
    expect(recordObservations(memory, [unpublish(2)]).entries).toEqual([gone]);
    const partial = { ...put('', 2), entries: [], onDelete: [], isPartial: true };
    expect(recordObservations(memory, [partial]).entries).toEqual([entry]);
  });

  it('has a URL that an earlier version remembered purged at once', () => {
    const { entry } = removed('a');
    const memory: Memory = { '': { atMs: 1, live: [{ entry, action: 'invalidate' }], stale: [] } };
    expect(recordObservations(memory, [unpublish(2)]).entries).toEqual([removed('a')]);
  });
});
