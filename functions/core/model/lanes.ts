import type { Lane } from './types.ts';

/** From the one that goes first to the one that goes last. */
export const lanes = ['takedown', 'people', 'bulk'] as const satisfies readonly Lane[];

/** @returns the lane that goes first of two */
export function firstLane(left: Lane, right: Lane): Lane {
  return lanes.indexOf(left) <= lanes.indexOf(right) ? left : right;
}
