import * as z from 'zod';
import { listOf } from '../../functions/core/mapping/rule.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import type { CacheKey } from '../../functions/core/planning/cache-key.ts';
import type { CoalesceLimits } from '../../functions/core/planning/coalesce.ts';
import type { Planning } from '../../functions/core/planning/plan.ts';
import { retiredCoalescing } from './checks/retired.ts';
import {
  arrayOf,
  expected,
  nonEmptyString,
  strictObject,
  trueOrFalse,
  wholeNumber,
} from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import { withDefaults } from './checks/with-defaults.ts';

/** Options of what a purge request holds. */
export interface PlanningSettings {
  /**
   * Most file URLs in one purge request, 1 to 10,000.
   * @default 1000
   */
  readonly maxFileUrls?: number;
  /**
   * Largest body of a purge request in bytes, 4,096 to 10,485,760.
   * @default 524_288
   */
  readonly maxBodyBytes?: number;
  /**
   * What CDN Pro's cache key does not tell apart, as the property has it: it is purged once.
   * @default - `http` and `https` are one, and each host is cached apart
   */
  readonly cacheKey?: CacheKey;
  /**
   * Purge a directory instead of many of its files, and with it files that did not change.
   * @default - never
   */
  readonly coalesce?: Partial<CoalesceSettings>;
  /**
   * What the URLs of directories begin with of which many files of bulk that wait for the day's quota may become `dir/**`,
   * and with them files that did not change.
   * @default - none
   */
  readonly convertInShortage?: readonly string[];
}

/** When files of one directory become `dir/*`. */
export interface CoalesceSettings extends CoalesceLimits {
  /**
   * Fewest changed files directly in one directory, 2 to 100,000.
   * @default 50
   */
  readonly siblings: number;
  /**
   * Fewest path segments of the directory, 0 to 20; 0 lets a whole host's top directory be used.
   * @default 1
   */
  readonly minDepth: number;
}

/** Planning with every default filled in. `coalesce` is missing where files never become directories. */
export interface CompletePlanning {
  readonly maxFileUrls: number;
  readonly maxBodyBytes: number;
  readonly cacheKey: CacheKey;
  readonly coalesce?: CoalesceSettings;
  readonly convertInShortage: readonly string[];
}

/** The values of planning settings that are not set. */
export const defaultPlanning = {
  maxFileUrls: 1000,
  maxBodyBytes: 512 * 1024,
  cacheKey: { scheme: false },
  convertInShortage: [],
} as const satisfies CompletePlanning;

const defaultCoalescing: CoalesceSettings = { siblings: 50, minDepth: 1 };

const host = nonEmptyString('a host such as "www.example.com"')
  .regex(/^[a-z0-9.-]+(?::\d+)?$/, expected('a host such as "www.example.com"'))
  .refine((value) => URL.canParse(`https://${value}/`), expected('a host with a port of at most 65535'));

const directory = nonEmptyString('the URL of a directory, with a slash at its end').regex(
  /^https?:\/\/[a-z0-9.:-]+\/(?:[^*?#\s]*\/)?$/,
  expected('the URL of a directory, with a slash at its end'),
);

/** The fields of {@link PlanningSettings}, for schemas that have more. */
export const planningFields = {
  maxFileUrls: wholeNumber(1, 10_000).optional(),
  maxBodyBytes: wholeNumber(4096, 10 * 1024 * 1024).optional(),
  cacheKey: strictObject({
    scheme: trueOrFalse.optional(),
    hosts: z
      .record(host, arrayOf(host, 'hosts'), expected('an object with lists of hosts by host'))
      .optional(),
  }).optional(),
  coalesce: strictObject(
    {
      siblings: wholeNumber(2, 100_000).optional(),
      minDepth: wholeNumber(0, 20).optional(),
    },
    retiredCoalescing,
  ).optional(),
  convertInShortage: arrayOf(directory, 'URLs of directories').optional(),
};

/** @returns an issue for each host of `cacheKey` that is in two caches */
export function validatePlanning(settings: unknown): readonly ValidationIssue[] {
  const hosts = recordOf(recordOf(recordOf(settings)?.cacheKey)?.hosts) ?? {};
  const path = ['cacheKey', 'hosts'];
  const all = Object.entries(hosts).flatMap(([name, others]) => [
    { name, path: [...path, name] },
    ...listOf(others).map((other, index) => ({ name: other, path: [...path, name, index] })),
  ]);
  return all.flatMap(({ name, path }, index) =>
    all.findIndex((other) => other.name === name) < index
      ? [{ path, message: `expected each host once, got "${String(name)}" again` }]
      : [],
  );
}

/** @returns planning with every default filled in */
export function completePlanning({
  maxFileUrls = defaultPlanning.maxFileUrls,
  maxBodyBytes = defaultPlanning.maxBodyBytes,
  cacheKey,
  coalesce,
  convertInShortage = defaultPlanning.convertInShortage,
}: PlanningSettings): CompletePlanning {
  return {
    maxFileUrls,
    maxBodyBytes,
    cacheKey: withDefaults<CacheKey>(defaultPlanning.cacheKey, cacheKey),
    ...(coalesce === undefined ? {} : { coalesce: withDefaults(defaultCoalescing, coalesce) }),
    convertInShortage,
  };
}

/** @returns planning as the functions read it from their environment */
export function planningOf({
  maxFileUrls,
  maxBodyBytes,
  cacheKey,
  coalesce,
  convertInShortage,
}: CompletePlanning): Planning {
  const requests = { maxFileUrls, maxBodyBytes, cacheKey, convertInShortage };
  return { ...requests, ...(coalesce === undefined ? {} : { coalesce }) };
}
