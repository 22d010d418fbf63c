import { compilePattern } from '../../../functions/core/mapping/patterns/pattern.ts';
import { PatternError } from '../../../functions/core/mapping/patterns/tokens.ts';
import { recordOf } from '../../../functions/core/model/record.ts';
import { webhookSources } from '../../../functions/sources/registry.ts';
import { suggestion } from '../checks/suggestion.ts';
import { stringsAt, type ValidationIssue } from '../checks/validation-issue.ts';
import { type StringSet, someStringIn, stringsFrom, stringsOf, stringsTo } from './pattern-sets.ts';

/** Where changes are received from; undefined where it is unknown. */
export interface Received {
  readonly sources: readonly string[] | undefined;
  readonly webhooks?: readonly { readonly source: string; readonly name: string }[];
  readonly buckets?: readonly { readonly name: string; readonly prefix: string; readonly suffix: string }[];
}

/** @returns where the changes of a configuration file come from, as far as the file is valid */
export function receivedBy(config: unknown): Received {
  const { buckets = [], topics = [], queues = [], webhooks = [] } = recordOf(config) ?? {};
  const named = readList(buckets, ({ name, prefix, suffix }) => selectionOf(name, prefix, suffix));
  const carriers = [topics, queues].flat();
  // The buckets of a topic or queue without a filter are unknown here.
  const carried = readList(carriers, ({ bucket, prefix, suffix }) => selectionOf(bucket, prefix, suffix));
  const received = readList(webhooks, ({ source, name = source }) =>
    typeof source === 'string' && typeof name === 'string' ? { source, name } : undefined,
  );
  if (named === undefined || received === undefined) return { sources: undefined };
  const isS3Watched = named.length + carriers.length > 0;
  const sources = [...(isS3Watched ? ['s3'] : []), ...received.map(({ source }) => source)];
  return { sources, webhooks: received, ...(carried && { buckets: [...named, ...carried] }) };
}

/** @returns the objects that are watched; undefined where they are not valid, or name no bucket */
function selectionOf(name: unknown, prefix: unknown = '', suffix: unknown = '') {
  const isRight = typeof name === 'string' && typeof prefix === 'string' && typeof suffix === 'string';
  return isRight ? { name, prefix, suffix } : undefined;
}

function readList<Item>(
  list: unknown,
  read: (item: Record<string, unknown>) => Item | undefined,
): readonly Item[] | undefined {
  if (!Array.isArray(list)) return undefined;
  const items = list.flatMap((item: unknown) => read(recordOf(item) ?? {}) ?? []);
  return items.length === list.length ? items : undefined;
}

/**
 * @param settings anything; its `rules` are looked at
 * @returns an issue for each rule that can never match, since no change that it is for is received
 */
export function validateSources(
  settings: unknown,
  { sources, webhooks, buckets }: Received,
): readonly ValidationIssue[] {
  const rules = recordOf(settings)?.rules;
  if (!Array.isArray(rules) || sources === undefined) return [];
  return rules.flatMap((rule: unknown, index) => {
    const match = recordOf(recordOf(rule)?.match);
    const source = match?.source;
    if (match === undefined || typeof source !== 'string' || source === '') return [];
    const path = ['rules', index, 'match'];
    if (!sources.includes(source)) {
      return [{ path: [...path, 'source'], message: reasonOf(source) }];
    }
    const names = webhooks?.filter((webhook) => webhook.source === source).map(({ name }) => name);
    return [
      ...(source === 's3' ? validateBuckets(match, buckets, path) : []),
      ...(source === 's3' ? validateExceptedBuckets(recordOf(rule)?.except, buckets, index) : []),
      ...(names && source !== 's3'
        ? validateReachability(match.webhook, names, [...path, 'webhook'], 'webhook')
        : []),
    ];
  });
}

/** Every source that there is, received or not. */
const knownSources = ['s3', ...Object.keys(webhookSources)];

function reasonOf(source: string): string {
  const never = `"${source}" can never match: `;
  if (!knownSources.includes(source)) {
    return `${never}there is no such source${suggestion(source, knownSources)}`;
  }
  return `${never}${source === 's3' ? 'no bucket is watched' : 'no webhook of this source is received'}`;
}

function validateBuckets(
  match: Record<string, unknown>,
  buckets: Received['buckets'],
  path: readonly (string | number)[],
): readonly ValidationIssue[] {
  if (buckets === undefined) return [];
  const names = buckets.map(({ name }) => name);
  const issues = validateReachability(match.bucket, names, [...path, 'bucket'], 'bucket');
  const watched = buckets.flatMap(({ prefix, suffix }) =>
    stringsTo(suffix).map((ending) => [stringsFrom(prefix), ending]),
  );
  const unwatched = stringsAt(match.key, [...path, 'key']).filter(({ value }) => {
    const strings = stringsOrNone(value);
    return strings !== undefined && !watched.some((sets) => someStringIn([...sets, strings]));
  });
  return [
    ...issues,
    ...unwatched.map(({ path }) => ({
      path,
      message: 'it can never match: no bucket is watched for such keys',
    })),
  ];
}

/** Exceptions for buckets that are not watched. */
function validateExceptedBuckets(
  except: unknown,
  buckets: Received['buckets'],
  rule: number,
): readonly ValidationIssue[] {
  if (buckets === undefined) return [];
  const names = buckets.map(({ name }) => name);
  const items: readonly unknown[] = Array.isArray(except) ? except : [except];
  return items.flatMap((item, index) => {
    const path = ['rules', rule, 'except', ...(Array.isArray(except) ? [index] : []), 'bucket'];
    return validateReachability(recordOf(item)?.bucket, names, path, 'bucket');
  });
}

/** An issue for each pattern that none of the names matches. */
function validateReachability(
  patterns: unknown,
  names: readonly string[],
  path: readonly (string | number)[],
  what: string,
): readonly ValidationIssue[] {
  return stringsAt(patterns, path).flatMap(({ value, path }) => {
    const strings = stringsOrNone(value);
    if (strings === undefined || names.some((name) => compilePattern(value).match(name) !== undefined))
      return [];
    return [
      { path, message: `"${value}" can never match: no ${what} has this name${suggestion(value, names)}` },
    ];
  });
}

/** Undefined for a pattern that cannot be parsed, which has its own issue. */
function stringsOrNone(value: string): StringSet | undefined {
  try {
    return stringsOf(compilePattern(value));
  } catch (error) {
    if (error instanceof PatternError) return undefined;
    throw error;
  }
}
