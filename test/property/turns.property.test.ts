import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inTurns } from '../../functions/core/limits/requests/turns.ts';
import { lanes } from '../../functions/core/model/lanes.ts';
import type { Lane } from '../../functions/core/model/types.ts';

interface Item {
  readonly lane: Lane;
  readonly senders: readonly (string | undefined)[];
}

const sender = fc.constantFrom('flood', 'flood', 'flood', 'flood', 'b', 'c', undefined);
const itemsOf = (senders: fc.Arbitrary<Item['senders']>) =>
  fc.array(fc.record({ lane: fc.constantFrom(...lanes), senders }), { maxLength: 60 });
const ofOne = itemsOf(sender.map((name) => [name]));
const ofSeveral = itemsOf(fc.array(sender, { maxLength: 3 }));

const turnOf = (item: Item) => item;

test('every item has one turn, in the order of the lanes and of each sender', () => {
  fc.assert(
    fc.property(fc.oneof(ofOne, ofSeveral), (items) => {
      const ordered = inTurns(items, turnOf);
      expect(new Set(ordered)).toEqual(new Set(items));
      expect(ordered).toHaveLength(items.length);
      const ranks = ordered.map(({ lane }) => lanes.indexOf(lane));
      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
      const alone = (list: readonly Item[]) =>
        list.filter(({ lane, senders }) => lane === 'bulk' && senders.length === 1 && senders[0] === 'b');
      if (items.every(({ senders }) => senders.length === 1)) expect(alone(ordered)).toEqual(alone(items));
    }),
  );
});

test('no sender takes more than half of a lane while another one waits', () => {
  fc.assert(
    fc.property(ofOne, (items) => {
      for (const lane of lanes) {
        const ordered = inTurns(items, turnOf).filter((item) => item.lane === lane);
        for (let taken = 0; taken < ordered.length; taken++) {
          const had = (name: string | undefined) =>
            ordered.slice(0, taken).filter(({ senders }) => senders[0] === name).length;
          const waiting = new Set(ordered.slice(taken).map(({ senders }) => senders[0]));
          for (const name of waiting) {
            for (const { senders } of ordered) expect(had(senders[0])).toBeLessThanOrEqual(had(name) + 1);
          }
        }
      }
    }),
  );
});

test('without turns a flood is before all others', () => {
  const items: readonly Item[] = [
    ...Array.from({ length: 50 }, (): Item => ({ lane: 'people', senders: ['flood'] })),
    { lane: 'people', senders: ['b'] },
  ];
  expect(items.findIndex(({ senders }) => senders[0] === 'b')).toBe(50);
  expect(inTurns(items, turnOf).findIndex(({ senders }) => senders[0] === 'b')).toBe(1);
});
