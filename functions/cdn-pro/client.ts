import type { PurgeRequestBody } from '../core/planning/planned-request.ts';
import { type Answer, readAnswer } from './answer.ts';
import { type Credentials, signRequest } from './auth.ts';

/** How long a request may take before it counts as lost, in milliseconds. */
export const requestTimeoutMs = 10_000;

/** Sends purge requests to CDN Pro. */
export interface CdnProClient {
  /**
   * Fetches the credentials, so that sending takes no longer than {@link requestTimeoutMs}.
   * @throws what fetching them throws, and CredentialsError
   */
  prepare(): Promise<void>;
  /**
   * Sends one purge request, once.
   * @returns what the answer means; a request without an answer is `unavailable`
   * @throws what fetching the credentials throws
   */
  submit(body: PurgeRequestBody): Promise<Answer>;
}

/** Options of {@link createCdnProClient}. */
export interface CdnProClientOptions {
  /** Scheme and host of the API, e.g. `https://api.cdnetworks.com`. */
  readonly endpoint: string;
  readonly credentials: () => Promise<Credentials>;
  readonly nowMs: () => number;
}

const contentType = 'application/json';

/** @returns a client for the API at `endpoint` */
export function createCdnProClient({ endpoint, credentials, nowMs }: CdnProClientOptions): CdnProClient {
  const url = new URL(`${endpoint.replace(/\/+$/, '')}/cdn/purges`);
  return {
    async prepare() {
      await credentials();
    },
    async submit(purge) {
      const body = JSON.stringify(purge);
      const headers = {
        accept: 'application/json',
        'content-type': contentType,
        'user-agent': 'cdn-pro-purger',
        ...signRequest({ url, contentType, body }, await credentials(), nowMs()),
      };
      try {
        const signal = AbortSignal.timeout(requestTimeoutMs);
        const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
        const { status, headers: answered } = response;
        return readAnswer({ status, headers: answered, body: await response.text() }, nowMs());
      } catch (error) {
        return { kind: 'unavailable', reason: describeFailure(error) };
      }
    },
  };
}

/** `fetch` says only "fetch failed"; its cause says why. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${requestTimeoutMs} ms`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
