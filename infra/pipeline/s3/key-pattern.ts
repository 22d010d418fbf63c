import type { ObjectFilter } from '../../../functions/core/model/objects/object-filter.ts';

/** Which keys of a bucket. */
export type Keys = Pick<ObjectFilter, 'prefix' | 'suffix'>;

/** One of the alternatives that EventBridge compares a key with. */
type KeyMatch =
  | string
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly wildcard: string };

/**
 * @returns the alternatives by which EventBridge matches keys that begin and end like this; undefined for all keys
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function keyPattern({ prefix, suffix }: Keys): readonly KeyMatch[] | undefined {
  if (prefix === undefined) return suffix === undefined ? undefined : [{ suffix }];
  if (suffix === undefined) return [{ prefix }];
  const escaped = (key: string) => key.replace(/[*\\]/g, '\\$&');
  return [{ wildcard: `${escaped(prefix)}*${escaped(suffix)}` }, ...overlappingKeys(prefix, suffix)];
}

/** The keys that are too short for the wildcard: prefix and suffix overlap in them. */
function overlappingKeys(prefix: string, suffix: string): readonly string[] {
  const longest = Math.min(prefix.length, suffix.length);
  return Array.from({ length: longest }, (_, index) => index + 1)
    .filter((length) => prefix.endsWith(suffix.slice(0, length)))
    .map((length) => prefix + suffix.slice(length));
}
