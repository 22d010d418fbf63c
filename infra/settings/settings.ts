import * as z from 'zod';
import type { RateLimit } from '../../functions/core/limits/window.ts';
import type { Rule } from '../../functions/core/mapping/rule.ts';
import type { Target } from '../../functions/core/model/types.ts';
import { check, purgerSubject } from './check.ts';
import { validateRules } from './rules/check-rules.ts';
import { ruleSchema, targetSchema } from './rules/rule-schema.ts';
import { expected, strictObject, trueOrFalse, wholeNumber } from './schema.ts';

/** Options of the purger itself, whatever it is deployed with. */
export interface Settings {
  /** The CDN Pro environment to purge. A rule can name another. */
  readonly target: Target;
  /** Which changes make which URLs stale. */
  readonly rules: readonly Rule[];
  /**
   * CDN Pro's limit on purge requests.
   * @default - 300 requests per 300 s, with a headroom of 0.1
   */
  readonly rateLimit?: Partial<RateLimit>;
  /**
   * How long the buffer gathers changes before they are submitted together, in seconds, 1 to 300.
   * @default 2
   */
  readonly batchingWindowSeconds?: number;
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
   * Purge a directory instead of many of its files, and with it files that did not change. `under-pressure` is short for
   * `{ when: 'under-pressure' }`.
   * @default - never
   */
  readonly coalesce?: 'under-pressure' | Partial<CoalesceSettings>;
  /**
   * How soon a change should be purged, in seconds, 1 to 3,600: what `under-pressure` goes by.
   * @default 60
   */
  readonly freshnessSeconds?: number;
  /**
   * Whether changes wait in the buffer, for 14 days at most, instead of being submitted.
   * @default false
   */
  readonly paused?: boolean;
  /**
   * Whether there is a CloudWatch dashboard.
   * @default true
   */
  readonly dashboard?: boolean;
}

/** When files of one directory become `dir/*`. */
export interface CoalesceSettings {
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
  /**
   * Always, or only when the backlog could not be purged within `freshnessSeconds` otherwise.
   * @default 'always'
   */
  readonly when: 'always' | 'under-pressure';
}

/** Settings with every default filled in. */
export interface CompleteSettings extends Omit<Settings, 'coalesce'> {
  readonly rateLimit: RateLimit;
  readonly batchingWindowSeconds: number;
  readonly maxFileUrls: number;
  readonly maxBodyBytes: number;
  /** Missing where files never become directories. */
  readonly coalesce?: CoalesceSettings;
  readonly freshnessSeconds: number;
  readonly paused: boolean;
  readonly dashboard: boolean;
}

/** The values of settings that are not set. */
export const defaultSettings = {
  rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1 },
  batchingWindowSeconds: 2,
  maxFileUrls: 1000,
  maxBodyBytes: 512 * 1024,
  freshnessSeconds: 60,
  paused: false,
  dashboard: true,
} as const;

const defaultCoalescing: CoalesceSettings = { siblings: 50, minDepth: 1, when: 'always' };

const headroom = expected('a number from 0 to 0.9');

/** The fields of {@link Settings}, for schemas that have more. */
export const settingsFields = {
  target: targetSchema,
  rules: z.array(ruleSchema, expected('a list of rules')).min(1, expected('at least one rule')),
  rateLimit: strictObject({
    requests: wholeNumber(1, 10_000).optional(),
    perSeconds: wholeNumber(1, 3600).optional(),
    headroom: z.number(headroom).min(0, headroom).max(0.9, headroom).optional(),
  }).optional(),
  batchingWindowSeconds: wholeNumber(1, 300).optional(),
  maxFileUrls: wholeNumber(1, 10_000).optional(),
  maxBodyBytes: wholeNumber(4096, 10 * 1024 * 1024).optional(),
  coalesce: z
    .union(
      [
        z.literal('under-pressure', expected('"under-pressure" or {siblings, minDepth, when}')),
        strictObject({
          siblings: wholeNumber(2, 100_000).optional(),
          minDepth: wholeNumber(0, 20).optional(),
          when: z.enum(['always', 'under-pressure'], expected('"always" or "under-pressure"')).optional(),
        }),
      ],
      expected('"under-pressure" or {siblings, minDepth, when}'),
    )
    .optional(),
  freshnessSeconds: wholeNumber(1, 3600).optional(),
  paused: trueOrFalse.optional(),
  dashboard: trueOrFalse.optional(),
};

/**
 * Checks settings.
 * @returns them with every default filled in
 * @throws ConfigError with every issue: its path, what was expected and what came
 */
export function checkSettings(settings: unknown): CompleteSettings {
  const checked = check(strictObject(settingsFields), settings, purgerSubject, validateRules) as Settings;
  const { coalesce, ...others } = checked;
  const requested = coalesce === 'under-pressure' ? ({ when: coalesce } as const) : coalesce;
  return {
    ...others,
    ...(requested === undefined ? {} : { coalesce: { ...defaultCoalescing, ...requested } }),
    freshnessSeconds: checked.freshnessSeconds ?? defaultSettings.freshnessSeconds,
    paused: checked.paused ?? defaultSettings.paused,
    dashboard: checked.dashboard ?? defaultSettings.dashboard,
    rateLimit: { ...defaultSettings.rateLimit, ...checked.rateLimit },
    batchingWindowSeconds: checked.batchingWindowSeconds ?? defaultSettings.batchingWindowSeconds,
    maxFileUrls: checked.maxFileUrls ?? defaultSettings.maxFileUrls,
    maxBodyBytes: checked.maxBodyBytes ?? defaultSettings.maxBodyBytes,
  };
}
