import * as z from 'zod';
import type { Limits, TokenUnit } from '../../functions/core/limits/limits.ts';
import { type BucketLimit, defaultBucket } from '../../functions/core/limits/requests/request-bucket.ts';
import type { RateLimit } from '../../functions/core/limits/requests/window.ts';
import type { ConfiguredQuota, Tokens } from '../../functions/core/limits/tokens/quota.ts';
import { recordOf } from '../../functions/core/model/record.ts';
import { expected, strictObject, wholeNumber } from './checks/schema.ts';
import type { ValidationIssue } from './checks/validation-issue.ts';
import { withDefaults } from './checks/with-defaults.ts';

/** The bucket of requests that all API users of a customer and CDN Pro's portal take from. */
export interface ApiBucketSettings extends BucketLimit {
  /**
   * What one purge request takes out of it, 1 to 100.
   * @default 1
   */
  readonly requestCost: number;
}

/** Options of CDN Pro's limits, as the contract has them. */
export interface LimitsSettings {
  /**
   * CDN Pro's limit on purge requests of a user.
   * @default - 300 requests per 300 s, with a headroom of 0.1
   */
  readonly rateLimit?: Partial<RateLimit>;
  /**
   * CDN Pro's limit on requests of a customer.
   * @default - 30 requests a minute, 60 at once
   */
  readonly apiBucket?: Partial<ApiBucketSettings>;
  /**
   * How many URLs CDN Pro purges in any 24 hours, by target: files, and directories with regex patterns among them.
   * @default - what CDN Pro's API says, else 5,000 files and 20 directories
   */
  readonly quota?: ConfiguredQuota;
  /**
   * What CDN Pro counts against the quota: URLs, or requests with any number of them.
   * @default 'url'
   */
  readonly tokenUnit?: TokenUnit;
}

/** Limits with every default filled in; what the quota leaves open is learned from the API. */
export interface CompleteLimits {
  readonly rateLimit: RateLimit;
  readonly apiBucket: ApiBucketSettings;
  readonly quota: ConfiguredQuota;
  readonly tokenUnit: TokenUnit;
}

/** The limits of CDN Pro's default contract. */
export const defaultLimits = {
  rateLimit: { requests: 300, perSeconds: 300, headroom: 0.1 },
  apiBucket: { ...defaultBucket, requestCost: 1 },
  quota: {},
  tokenUnit: 'url',
} as const satisfies CompleteLimits;

const headroom = expected('a number from 0 to 0.9');
const tokens = strictObject({
  files: wholeNumber(1, 10_000_000).optional(),
  dirs: wholeNumber(1, 100_000).optional(),
});

/** The fields of {@link LimitsSettings}, for schemas that have more. */
export const limitsFields = {
  rateLimit: strictObject({
    requests: wholeNumber(1, 10_000).optional(),
    perSeconds: wholeNumber(1, 3600).optional(),
    headroom: z.number(headroom).min(0, headroom).max(0.9, headroom).optional(),
  }).optional(),
  apiBucket: strictObject({
    perMinute: wholeNumber(1, 10_000).optional(),
    burst: wholeNumber(1, 10_000).optional(),
    requestCost: wholeNumber(1, 100).optional(),
  }).optional(),
  quota: strictObject({ production: tokens.optional(), staging: tokens.optional() }).optional(),
  tokenUnit: z.enum(['url', 'request'], expected('"url" or "request"')).optional(),
};

/** @returns an issue where a request would take more out of the bucket than it ever holds */
export function validateLimits(settings: unknown): readonly ValidationIssue[] {
  const bucket = recordOf(recordOf(settings)?.apiBucket) ?? {};
  const { burst, requestCost } = withDefaults<Record<string, unknown>>(defaultLimits.apiBucket, bucket);
  if (typeof burst !== 'number' || typeof requestCost !== 'number' || requestCost <= burst) return [];
  const message = `expected at most \`burst\`, which is ${burst}, got ${requestCost}`;
  return [{ path: ['apiBucket', 'requestCost'], message }];
}

/** @returns limits with every default filled in */
export function completeLimits({
  rateLimit,
  apiBucket,
  quota = defaultLimits.quota,
  tokenUnit = defaultLimits.tokenUnit,
}: LimitsSettings): CompleteLimits {
  return {
    rateLimit: withDefaults<RateLimit>(defaultLimits.rateLimit, rateLimit),
    apiBucket: withDefaults<ApiBucketSettings>(defaultLimits.apiBucket, apiBucket),
    quota: Object.fromEntries(
      Object.entries(withDefaults<ConfiguredQuota>({}, quota)).map(([target, tokens]) => [
        target,
        withDefaults<Partial<Tokens>>({}, tokens),
      ]),
    ),
    tokenUnit,
  };
}

/** @returns the limits as the functions read them from their environment */
export function limitsOf({ rateLimit, apiBucket, quota, tokenUnit }: CompleteLimits): Limits {
  const { requestCost, ...bucket } = apiBucket;
  return { rate: rateLimit, bucket, requestCost, quota, tokenUnit };
}
