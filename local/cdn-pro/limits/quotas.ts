import type { Target } from '../purges/purge-request.ts';
import { createQuotaMeter, type QuotaMeter } from './quota-meter.ts';

/** Tokens of the day: files, and directories with regular expressions among them. */
export interface Tokens {
  readonly files: number;
  readonly dirs: number;
}

/** The lists of a request that cost tokens. */
export interface Entries {
  readonly fileUrls?: readonly string[] | undefined;
  readonly dirUrls?: readonly string[] | undefined;
  readonly regexPatterns?: readonly string[] | undefined;
}

/** The quota that the vendor gives where a contract does not say otherwise. */
export const defaultQuota: Tokens = { files: 5000, dirs: 20 };
/** The same for prefetches. */
export const defaultPrefetchQuota = 5000;

/** Options of the quotas of one customer. */
export interface QuotaOptions {
  readonly quotas: Readonly<Record<Target, Tokens>>;
  readonly overdraft: number;
  readonly dayMs: number;
  /** What a token pays for. The vendor's page calls them requests, and counts URLs elsewhere. */
  readonly tokenUnit: 'url' | 'request';
}

/** The tokens of one customer, by environment. */
export interface Quotas {
  /** @returns what GET /cdn/purges/purgeTokens says is left: a debt cannot be seen */
  readonly left: (target: Target, nowMs: number) => Tokens;
  /** Pays for a request. @returns whether there were tokens for it; else nothing is paid */
  readonly pay: (target: Target, entries: Entries, nowMs: number) => boolean;
  /** Spends tokens in another user's name, whether there are any or not. */
  readonly spend: (target: Target, tokens: Tokens, nowMs: number) => void;
}

/** @returns quotas of which nothing is spent */
export function createQuotas({ quotas, overdraft, dayMs, tokenUnit }: QuotaOptions): Quotas {
  const meterOf = (quota: number) => createQuotaMeter({ quota, overdraft, dayMs });
  const metersOf = ({ files, dirs }: Tokens) => ({ files: meterOf(files), dirs: meterOf(dirs) });
  const meters = { production: metersOf(quotas.production), staging: metersOf(quotas.staging) };
  const visible = (meter: QuotaMeter, nowMs: number) => Math.max(0, meter.left(nowMs));

  function spend(target: Target, { files, dirs }: Tokens, nowMs: number): void {
    meters[target].files.spend(files, nowMs);
    meters[target].dirs.spend(dirs, nowMs);
  }

  return {
    left: (target, nowMs) => ({
      files: visible(meters[target].files, nowMs),
      dirs: visible(meters[target].dirs, nowMs),
    }),
    pay(target, entries, nowMs) {
      const price = priceOf(entries, tokenUnit);
      const { files, dirs } = meters[target];
      if (!files.affords(price.files, nowMs) || !dirs.affords(price.dirs, nowMs)) return false;
      spend(target, price, nowMs);
      return true;
    },
    spend,
  };
}

function priceOf(entries: Entries, tokenUnit: QuotaOptions['tokenUnit']): Tokens {
  const files = entries.fileUrls?.length ?? 0;
  const dirs = (entries.dirUrls?.length ?? 0) + (entries.regexPatterns?.length ?? 0);
  return tokenUnit === 'url' ? { files, dirs } : { files: Math.min(1, files), dirs: Math.min(1, dirs) };
}
