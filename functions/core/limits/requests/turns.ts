import { lanes } from '../../model/lanes.ts';
import type { Lane } from '../../model/types.ts';

/** Who an item is for. */
export interface Turn {
  readonly lane: Lane;
  /** The webhooks and buckets that it is for; undefined where it was asked for by hand. */
  readonly senders: Iterable<string | undefined>;
}

/**
 * Puts takedowns first, then people, then bulk. In a lane senders take turns: the first item of each, then the second of
 * each, so that none takes more than half while another one waits. What is for several senders is in the turn of the one
 * that has had the fewest.
 * @param items in the order that they have in their turns
 */
export function inTurns<Item>(items: readonly Item[], turnOf: (item: Item) => Turn): readonly Item[] {
  const had = new Map<Lane, Map<string | undefined, number>>(lanes.map((lane) => [lane, new Map()]));
  const ranked = items.map((item) => {
    const { lane, senders } = turnOf(item);
    const ofLane = had.get(lane) ?? new Map<string | undefined, number>();
    const names = new Set(senders);
    let round = Number.POSITIVE_INFINITY;
    for (const name of names) round = Math.min(round, ofLane.get(name) ?? 0);
    for (const name of names) ofLane.set(name, (ofLane.get(name) ?? 0) + 1);
    return { item, lane: lanes.indexOf(lane), round };
  });
  return ranked.sort((a, b) => a.lane - b.lane || a.round - b.round).map(({ item }) => item);
}
