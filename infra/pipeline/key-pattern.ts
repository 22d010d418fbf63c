import type { WatchedObjects } from '../../functions/core/model/object-filter.ts';

/** One of the alternatives that EventBridge compares a key with. */
type KeyMatch =
  | string
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly wildcard: string };

/**
 * @returns the alternatives, of which EventBridge lets pass the keys that begin and end like this; undefined where any
 * key does
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function keyPattern({
  prefix,
  suffix,
}: Pick<WatchedObjects, 'prefix' | 'suffix'>): readonly KeyMatch[] | undefined {
  if (prefix === undefined) return suffix === undefined ? undefined : [{ suffix }];
  if (suffix === undefined) return [{ prefix }];
  const escaped = (text: string) => text.replace(/[*\\]/g, '\\$&');
  return [{ wildcard: `${escaped(prefix)}*${escaped(suffix)}` }, ...overlappingKeys(prefix, suffix)];
}

/** The keys too short for the wildcard: the end of the prefix is the beginning of the suffix, as in `site/index.html`. */
function overlappingKeys(prefix: string, suffix: string): readonly string[] {
  const longest = Math.min(prefix.length, suffix.length);
  return Array.from({ length: longest }, (_, index) => index + 1)
    .filter((length) => prefix.endsWith(suffix.slice(0, length)))
    .map((length) => prefix + suffix.slice(length));
}
