import {
  describeKeys,
  matchesFilter,
  type ObjectFilter,
} from '../../../../functions/core/model/objects/object-filter.ts';
import type { OriginChange } from '../../../../functions/core/model/types.ts';
import type { PurgerConfig } from '../../../settings/purger-config.ts';

/** Where it is not known which objects are watched. */
export const allObjects: readonly ObjectFilter[] = [{}];

/** Where events of objects come from. */
export type ObjectSources = Pick<PurgerConfig, 'buckets' | 'topics' | 'queues'>;

/** @returns which objects are watched */
export function watchedObjects({
  buckets = [],
  topics = [],
  queues = [],
}: ObjectSources): readonly ObjectFilter[] {
  return [...buckets.map(({ name, ...keys }) => ({ bucket: name, ...keys })), ...topics, ...queues];
}

/** @returns the reason why a change of an object would not arrive; undefined where it would */
export function notWatched(change: OriginChange, watched: readonly ObjectFilter[]): string | undefined {
  if (!('key' in change) || matchesFilter(change, watched)) return undefined;
  const named = watched.filter(({ bucket = change.bucket }) => bucket === change.bucket);
  if (named.length === 0) return `no bucket "${change.bucket}" is watched`;
  return `only ${named.map(describeKeys).join(' or ')} are watched`;
}
