import { randomUUID } from 'node:crypto';
import type { CdnProClient, PreparedClient } from './client.ts';

/** CDN Pro's API as far as submitting only asks. */
type QuotaClient = { prepare(): Promise<Pick<PreparedClient, 'purgeTokens' | 'serviceQuotas'>> };

/** @returns a client that asks CDN Pro for tokens and quotas, and sends none of the purge requests that it is given */
export function createObservingClient(client: QuotaClient): CdnProClient {
  return {
    async prepare() {
      const { purgeTokens, serviceQuotas } = await client.prepare();
      const submit = async () => ({ kind: 'observed', purgeId: `observed-${randomUUID()}` }) as const;
      return { submit, purgeTokens, serviceQuotas };
    },
  };
}
