import { describe, expect, it } from 'vitest';
import {
  Schedule,
  scheduleOf,
  timedEntries,
  withoutScheduled,
} from '../../functions/core/mapping/schedule.ts';
import { fileEntry } from '../helpers/changes.ts';

const a = fileEntry('https://h.example/a');
const b = fileEntry('https://h.example/b');
const c = fileEntry('https://h.example/c');

describe('a schedule', () => {
  it('lists the soonest entries first, without duplicates', () => {
    const schedule = new Schedule();
    for (const entry of [a, b, a]) schedule.add({ entry, delaysSeconds: [60] });
    schedule.add({ entry: b, delaysSeconds: [0] });
    expect(schedule.list()).toEqual([
      { delaySeconds: 0, entries: [b] },
      { delaySeconds: 60, entries: [a, b] },
    ]);
  });

  it('keeps lanes apart, and has an entry of two rules in the lane that goes first', () => {
    const schedule = new Schedule();
    schedule.add({ entry: a, delaysSeconds: [0], lane: 'bulk' });
    schedule.add({ entry: b, delaysSeconds: [0], lane: 'bulk' });
    schedule.add({ entry: c, delaysSeconds: [0] });
    schedule.add({ entry: a, delaysSeconds: [30], lane: 'people' });
    schedule.add({ entry: b, delaysSeconds: [0] });
    const list = schedule.list();
    expect(list).toEqual([
      { delaySeconds: 0, lane: 'people', entries: [a] },
      { delaySeconds: 0, lane: 'bulk', entries: [b] },
      { delaySeconds: 0, entries: [c] },
      { delaySeconds: 30, lane: 'people', entries: [a] },
    ]);
    expect(scheduleOf(timedEntries(list))).toEqual(list);
  });

  it('has each delay of an entry, and is made of such entries again', () => {
    const schedule = [
      { delaySeconds: 0, entries: [b] },
      { delaySeconds: 30, entries: [a, b] },
      { delaySeconds: 90, entries: [a] },
    ];
    const timed = [
      { entry: b, delaysSeconds: [0, 30] },
      { entry: a, delaysSeconds: [30, 90] },
    ];
    expect(timedEntries(schedule)).toEqual(timed);
    expect(scheduleOf(timed)).toMatchObject([{ entries: [b] }, { entries: [b, a] }, { entries: [a] }]);
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
