import type { Tokens } from '../core/limits/tokens/quota.ts';
import { isRecord } from '../core/model/record.ts';
import type { Target } from '../core/model/types.ts';

/** The quotas of a day, by target, as far as the API tells them. */
export type Quotas = Readonly<Partial<Record<Target, Tokens>>>;

/** @returns what the body of `GET /cdn/purges/purgeTokens` says is left; undefined where it is not understood */
export function readPurgeTokens(body: string): Tokens | undefined {
  const { filePurgeTokens, dirPurgeTokens } = fieldsOf(body);
  return tokensOf(filePurgeTokens, dirPurgeTokens);
}

/** @returns what the body of `GET /cdn/serviceQuotas/customer/me` says; undefined where it is not understood */
export function readServiceQuotas(body: string): Quotas | undefined {
  const fields = fieldsOf(body);
  const production = tokensOf(fields.filePurgeQuotaInProduction, fields.dirPurgeQuotaInProduction);
  const staging = tokensOf(fields.filePurgeQuotaInStaging, fields.dirPurgeQuotaInStaging);
  if (production === undefined && staging === undefined) return undefined;
  return { ...(production && { production }), ...(staging && { staging }) };
}

function tokensOf(files: unknown, dirs: unknown): Tokens | undefined {
  return isCount(files) && isCount(dirs) ? { files, dirs } : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function fieldsOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(body);
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}
