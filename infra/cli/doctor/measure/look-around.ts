import { type DeployedHosts, readHostnames } from '../../../../functions/cdn-pro/hostnames.ts';
import { readServiceQuotas } from '../../../../functions/cdn-pro/quotas.ts';
import { defaultQuota, type Tokens } from '../../../../functions/core/limits/tokens/quota.ts';
import { isRecord } from '../../../../functions/core/model/record.ts';
import { readTokens } from './ask.ts';
import type { Bench } from './bench.ts';
import { cannotTell, type Experiment, type Facts, measured } from './finding.ts';

/** What has to be known before anything is spent. */
export interface Surrounding {
  readonly left: Tokens;
  readonly quota: Tokens;
  readonly maxFileUrls: number | undefined;
  /** The hosts that are deployed in staging, as far as CDN Pro lists them: some may begin with `*.`. */
  readonly deployed: DeployedHosts;
  /** How many purges there were in the last minutes, those of production included: they take from the same bucket of requests. */
  readonly recentPurges: number;
}

const recentMs = 15 * 60_000;

/**
 * Asks what costs no token.
 * @throws MeasureError where the tokens cannot be read
 */
export async function lookAround(bench: Bench): Promise<Surrounding> {
  const left = await readTokens(bench);
  const quotas = await bench.get('/cdn/serviceQuotas/customer/me');
  const hostnames = await bench.get('/cdn/hostnames?target=staging&limit=200');
  const from = `${new Date(bench.nowMs() - recentMs).toISOString().slice(0, 19)}Z`;
  const recent = await bench.get(`/cdn/purges?startdate=${from}&offset=0&limit=1`);
  // A customer without a contract is answered 404, with the quotas that hold.
  const quota = readServiceQuotas(quotas.body)?.staging ?? { ...defaultQuota };
  const listed = hostnames.status === 200 ? readHostnames(hostnames.body) : undefined;
  const maxFileUrls = numberIn(quotas.body, 'maxFilePurgeEntries');
  return {
    left,
    quota,
    maxFileUrls,
    deployed: listed ?? { hosts: [], isPart: true },
    recentPurges: numberIn(recent.body, 'count') ?? 0,
  };
}

function numberIn(body: string, field: string): number | undefined {
  try {
    const json: unknown = JSON.parse(body);
    const value = isRecord(json) ? json[field] : undefined;
    return typeof value === 'number' && Number.isInteger(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What the contract says, as far as the API tells it. */
export const contract: Experiment = {
  name: 'contract',
  cost: { requests: 1, files: 0, seconds: 0 },
  async run(bench) {
    const { body, status } = await bench.get('/cdn/serviceQuotas/customer/me');
    const quota = readServiceQuotas(body)?.staging;
    const maxFileUrls = numberIn(body, 'maxFilePurgeEntries');
    const evidence = `GET /cdn/serviceQuotas/customer/me: HTTP ${status ?? 'no answer'}`;
    if (quota === undefined) return cannotTell('CDN Pro does not say it here', evidence);
    const facts: Facts = { quota, ...(maxFileUrls !== undefined && { maxFileUrls }) };
    const urls = maxFileUrls === undefined ? '' : `, ${maxFileUrls} file URLs in a request`;
    return measured(
      `${quota.files} files and ${quota.dirs} directories a day in staging${urls}`,
      evidence,
      facts,
    );
  },
};
