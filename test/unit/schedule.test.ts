import { describe, expect, it } from 'vitest';
import { Schedule, scheduleEntries, withoutScheduled } from '../../functions/core/mapping/schedule.ts';
import { fileEntry } from '../helpers/changes.ts';

const a = fileEntry('https://h.example/a');
const b = fileEntry('https://h.example/b');

describe('a schedule', () => {
  it('lists the soonest entries first, without duplicates', () => {
    const schedule = new Schedule();
    for (const entry of [a, b, a]) schedule.add(60, entry);
    schedule.add(0, b);
    expect(schedule.list()).toEqual([
      { delaySeconds: 0, entries: [b] },
      { delaySeconds: 60, entries: [a, b] },
    ]);
  });

  it('of entries that the rules delay keeps each delay, also of those that are purged twice', () => {
    const known = [
      { delaySeconds: 30, entries: [a, b] },
      { delaySeconds: 90, entries: [a] },
    ];
    expect(scheduleEntries([a, b], known)).toEqual(known);
  });

  it('has what no rule delays purged at once, and leaves out what is not to be purged', () => {
    const remembered = fileEntry('https://h.example/old', { action: 'delete' });
    expect(scheduleEntries([a, remembered], [{ delaySeconds: 30, entries: [a, b] }])).toEqual([
      { delaySeconds: 0, entries: [remembered] },
      { delaySeconds: 30, entries: [a] },
    ]);
  });

  it('less another one has only what that does not purge at the same time', () => {
    const known = [{ delaySeconds: 0, entries: [a] }];
    expect(withoutScheduled([{ delaySeconds: 0, entries: [a, b] }], known)).toEqual([
      { delaySeconds: 0, entries: [b] },
    ]);
    const later = [{ delaySeconds: 60, entries: [a] }];
    expect(withoutScheduled(later, known)).toEqual(later);
  });
});
