import type { Limits } from '../../../../functions/core/limits/limits.ts';
import { defaultBucket } from '../../../../functions/core/limits/requests/request-bucket.ts';
import type { Planning } from '../../../../functions/core/planning/plan.ts';
import type { Facts } from './finding.ts';

/** A setting to write, and why. */
export interface Setting {
  readonly value: unknown;
  readonly why: string;
}

/**
 * @param limits what the purger goes by, with what is missing at its default
 * @returns the settings that should be other ones, by their name in the configuration; each with the fields that it has already,
 *   so that it can be written in the place of what is there
 */
export function settingsFor(
  facts: Facts,
  limits: Limits,
  planning: Pick<Planning, 'maxFileUrls' | 'maxBodyBytes' | 'cacheKey'>,
): Readonly<Record<string, Setting>> {
  const { tokenUnit, maxFileUrls, cacheKey, quota } = facts;
  const settings: Record<string, Setting> = {};
  if (tokenUnit !== undefined && tokenUnit !== limits.tokenUnit) {
    settings.tokenUnit = {
      value: tokenUnit,
      why: `a token pays for a ${tokenUnit === 'url' ? 'URL' : 'request'}`,
    };
  }
  const bucket = bucketFor(facts, limits);
  if (bucket !== undefined) settings.apiBucket = bucket;
  const configured = limits.quota.staging;
  if (quota !== undefined && (more(configured?.files, quota.files) || more(configured?.dirs, quota.dirs))) {
    settings.quota = { value: { ...limits.quota, staging: quota }, why: 'CDN Pro says so' };
  }
  if (maxFileUrls !== undefined && maxFileUrls < planning.maxFileUrls) {
    settings.maxFileUrls = { value: maxFileUrls, why: '`maxFilePurgeEntries` of the contract' };
  }
  const { acceptedBytes, refusedBytes } = facts;
  if (refusedBytes !== undefined && acceptedBytes !== undefined && acceptedBytes < planning.maxBodyBytes) {
    settings.maxBodyBytes = { value: acceptedBytes, why: `${refusedBytes} bytes were refused` };
  }
  const key = cacheKeyFor(cacheKey, planning.cacheKey ?? {});
  if (key !== undefined) settings.cacheKey = key;
  return settings;
}

function more(configured: number | undefined, told: number): boolean {
  return configured !== undefined && configured > told;
}

/** What comes back in a minute is a lower bound, which says nothing about a limit. */
function bucketFor({ weights }: Facts, limits: Limits): Setting | undefined {
  if (weights === undefined || weights.post === limits.requestCost) return undefined;
  return {
    value: { ...configuredBucket(limits), requestCost: weights.post },
    why: `a purge weighs ${weights.post}`,
  };
}

/** What is not CDN Pro's default. */
function configuredBucket({ bucket, requestCost }: Limits): Readonly<Record<string, number>> {
  const defaults: Readonly<Record<string, number>> = { ...defaultBucket, requestCost: 1 };
  const configured = Object.entries({ ...bucket, requestCost });
  return Object.fromEntries(configured.filter(([name, value]) => value !== defaults[name]));
}

function cacheKeyFor(
  found: Facts['cacheKey'],
  configured: NonNullable<Planning['cacheKey']>,
): Setting | undefined {
  const value: Record<string, unknown> = {};
  const why: string[] = [];
  if (found?.scheme !== undefined && found.scheme !== (configured.scheme ?? false)) {
    value.scheme = found.scheme;
    why.push(`http and https are ${found.scheme ? 'two entries' : 'one entry'}`);
  }
  const [first, ...others] = found?.sharing ?? [];
  const known = first === undefined ? [] : (configured.hosts?.[first] ?? []);
  if (first !== undefined && others.some((other) => !known.includes(other))) {
    value.hosts = { ...configured.hosts, [first]: [...new Set([...known, ...others])] };
    why.push('these hosts share one entry');
  }
  return why.length === 0 ? undefined : { value: { ...configured, ...value }, why: why.join(', ') };
}
