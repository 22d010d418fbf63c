import type { Observation } from '../core/following/decide-purge.ts';
import type { Tokens } from '../core/limits/tokens/quota.ts';
import type { Target } from '../core/model/types.ts';
import type { PurgeRequestBody } from '../core/planning/planned-request.ts';
import { type Answer, type Answered, readAnswer, readAnswered, retryAfterOf } from './answer.ts';
import { type Credentials, signRequest } from './auth.ts';
import { type DeployedHosts, readHostnames } from './hostnames.ts';
import { type Quotas, readPurgeTokens, readServiceQuotas } from './quotas.ts';
import { type PurgePage, type PurgeQuery, purgesPath, readPurgeAnswer, readPurgePage } from './tasks.ts';

/** How long a request may take before it counts as lost, in milliseconds. */
export const requestTimeoutMs = 10_000;

/** CDN Pro's API. */
export interface CdnProClient {
  /**
   * Fetches the credentials, before a slot is taken: what is sent in the slot waits for nothing more.
   * @throws what fetching them throws, and CredentialsError
   */
  prepare(): Promise<PreparedClient>;
}

/** CDN Pro's API for somebody whose credentials are at hand. Sends each request once. Nothing in it throws. */
export interface PreparedClient {
  /** Sends a purge request. A request without an answer is `unavailable`. */
  submit(body: PurgeRequestBody, options: SendOptions): Promise<Answer | NotSent | Observed>;
  /** Asks what is left of the day's tokens. */
  purgeTokens(target: Target, options: SendOptions): Promise<Reading<Tokens>>;
  /** Asks for the quotas of a day. */
  serviceQuotas(options: SendOptions): Promise<Reading<Quotas>>;
}

/** The same, with what only the command line asks. */
export interface CheckingClient extends PreparedClient {
  /** Asks which hosts are deployed in a target: the first 200. */
  hostnames(target: Target, options: SendOptions): Promise<Reading<DeployedHosts>>;
}

/** CDN Pro's API as far as it tells what happens to purges. Nothing in it throws. */
export interface PurgeReader {
  /** Lists purges. */
  purges(query: PurgeQuery, options: SendOptions): Promise<Reading<PurgePage>>;
  /** Asks for one purge. */
  purge(purgeId: string, options: SendOptions): Promise<Reading<Observation>>;
}

/** Options of sending. */
export interface SendOptions {
  /** In milliseconds: not sent later than this, since the request's slot would no longer cover its arrival. */
  readonly sentByMs: number;
}

/** The slot was too old: nothing was sent. */
export interface NotSent {
  readonly kind: 'not-sent';
}

/** Nothing was sent, and nothing will be: the purger observes. */
export interface Observed {
  readonly kind: 'observed';
  /** The name under which the journal has what would have been sent. */
  readonly purgeId: string;
}

/** What a GET said. */
export interface Reading<Value> extends Answered {
  /** Missing where there was no answer, or one that cannot be used. */
  readonly value?: Value;
  /** HTTP status; missing where there was no answer. */
  readonly status?: number;
  /** How long to stay away, where a 429 says so: see {@link Answer}. */
  readonly retryAfterMs?: number;
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
export function createCdnProClient({ endpoint, credentials, nowMs }: CdnProClientOptions): {
  prepare(): Promise<CheckingClient & PurgeReader>;
} {
  const base = endpoint.replace(/\/+$/, '');
  return {
    prepare: async () => prepareClient(base, await credentials(), nowMs),
  };
}

function prepareClient(
  base: string,
  credentials: Credentials,
  nowMs: () => number,
): CheckingClient & PurgeReader {
  async function send(method: 'GET' | 'POST', path: string, body = '') {
    const url = new URL(`${base}${path}`);
    const headers = {
      accept: 'application/json',
      'content-type': contentType,
      'user-agent': 'cdn-pro-purger',
      ...signRequest({ method, url, contentType, body }, credentials, nowMs()),
    };
    const response = await fetch(url, {
      method,
      headers,
      ...(method === 'POST' ? { body } : {}),
      signal: AbortSignal.timeout(requestTimeoutMs),
      redirect: 'manual',
    });
    return { status: response.status, headers: response.headers, body: await response.text() };
  }

  async function read<Value>(
    path: string,
    { sentByMs }: SendOptions,
    parse: (body: string, status: number) => Value | undefined,
  ): Promise<Reading<Value>> {
    if (nowMs() > sentByMs) return {};
    try {
      const { status, headers, body } = await send('GET', path);
      const value = parse(body, status);
      return {
        status,
        ...readAnswered(headers),
        ...(status === 429 && retryAfterOf(headers, nowMs())),
        ...(value === undefined ? {} : { value }),
      };
    } catch {
      return {};
    }
  }

  return {
    async submit(purge, { sentByMs }) {
      if (nowMs() > sentByMs) return { kind: 'not-sent' };
      try {
        return readAnswer(await send('POST', '/cdn/purges', JSON.stringify(purge)), nowMs());
      } catch (error) {
        return { kind: 'unavailable', reason: describeFailure(error) };
      }
    },
    purgeTokens: (target, options) =>
      read(`/cdn/purges/purgeTokens?target=${target}`, options, whereOk(readPurgeTokens)),
    serviceQuotas: (options) => read('/cdn/serviceQuotas/customer/me', options, whereOk(readServiceQuotas)),
    hostnames: (target, options) =>
      read(`/cdn/hostnames?target=${target}&limit=200`, options, whereOk(readHostnames)),
    purges: (query, options) => read(purgesPath(query), options, whereOk(readPurgePage)),
    purge: (purgeId, options) => read(`/cdn/purges/${encodeURIComponent(purgeId)}`, options, readPurgeAnswer),
  };
}

function whereOk<Value>(parse: (body: string) => Value | undefined) {
  return (body: string, status: number) => (status === 200 ? parse(body) : undefined);
}

/** `fetch` says only "fetch failed"; its cause says why. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${requestTimeoutMs} ms`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
