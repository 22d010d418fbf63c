import type { ObjectChange } from '../types.ts';

/** Which objects are watched: those of one bucket, or of any, whose keys begin and end like this. */
export interface ObjectFilter {
  /** Missing: any bucket. */
  readonly bucket?: string;
  readonly prefix?: string;
  readonly suffix?: string;
}

/** Which objects are taken of the messages of one carrier: a topic or a queue. */
export interface CarrierFilter extends ObjectFilter {
  /** Its ARN. */
  readonly from: string;
}

/**
 * @param path ARNs of the queue and the topic that a message came by, the queue first
 * @param carriers all watched queues, and the topics that have a filter
 * @returns the filters for the message's objects: those of its queue, else of its topic; undefined for S3's own messages
 */
export function carrierFilters(
  path: readonly string[],
  carriers: readonly CarrierFilter[],
): readonly ObjectFilter[] | undefined {
  const carrier = path.find((arn) => carriers.some(({ from }) => from === arn));
  return carrier === undefined ? undefined : carriers.filter(({ from }) => from === carrier);
}

/**
 * @param messages what each said, and the ARNs that it came by
 * @returns the changes that their carriers may not tell of
 */
export function changesOfOthers(
  messages: readonly { readonly path: readonly string[]; readonly changes: readonly ObjectChange[] }[],
  carriers: readonly CarrierFilter[],
): ReadonlySet<ObjectChange> {
  const others = new Set<ObjectChange>();
  for (const { path, changes } of messages) {
    const filters = carrierFilters(path, carriers);
    if (filters === undefined) continue;
    for (const change of changes) if (!matchesFilter(change, filters)) others.add(change);
  }
  return others;
}

/** @returns whether an object matches at least one filter */
export function matchesFilter(
  { bucket, key }: Pick<ObjectChange, 'bucket' | 'key'>,
  filters: readonly ObjectFilter[],
): boolean {
  return filters.some(
    (filter) =>
      (filter.bucket === undefined || filter.bucket === bucket) &&
      key.startsWith(filter.prefix ?? '') &&
      key.endsWith(filter.suffix ?? ''),
  );
}

/**
 * @returns whether an object can match both filters, as S3 sees it: their prefixes and their suffixes overlap
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
export function overlaps(one: ObjectFilter, other: ObjectFilter): boolean {
  const [{ prefix = '', suffix = '' }, { prefix: otherPrefix = '', suffix: otherSuffix = '' }] = [one, other];
  return (
    one.bucket === other.bucket &&
    (prefix.startsWith(otherPrefix) || otherPrefix.startsWith(prefix)) &&
    (suffix.endsWith(otherSuffix) || otherSuffix.endsWith(suffix))
  );
}

/** @returns in words which keys a filter matches, e.g. `keys that begin with "site/" and end with ".html"` */
export function describeKeys({ prefix, suffix }: ObjectFilter): string {
  const parts = [
    ...(prefix === undefined ? [] : [`begin with ${JSON.stringify(prefix)}`]),
    ...(suffix === undefined ? [] : [`end with ${JSON.stringify(suffix)}`]),
  ];
  return parts.length === 0 ? 'all keys' : `keys that ${parts.join(' and ')}`;
}
