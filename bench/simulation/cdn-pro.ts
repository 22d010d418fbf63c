import type { Answer } from '../../functions/cdn-pro/answer.ts';
import type { CdnProClient, PreparedClient } from '../../functions/cdn-pro/client.ts';
import type { PurgeRequestBody } from '../../functions/core/planning/planned-request.ts';
import type { VirtualClock } from './clock.ts';

/** How the simulated CDN Pro behaves. */
export interface CdnProOptions {
  /** Most requests in any window. */
  readonly requests: number;
  readonly windowMs: number;
  /** Half of a request's round trip, in milliseconds, at the time it is sent. */
  readonly wayMs: (nowMs: number) => number;
  /** What goes wrong with the n-th request that is sent; undefined where nothing does. */
  readonly fault?: (index: number, nowMs: number) => CdnProFault | undefined;
  /** Whether 429 has a `Retry-After`. */
  readonly sendsRetryAfter?: boolean;
  /** URLs that are refused, and whether the answer names them. */
  readonly bad?: { readonly isBad: (url: string) => boolean; readonly isNamed: boolean };
  /** Called for every request that arrives, with the answer that was given. */
  readonly onRequest: (body: PurgeRequestBody, answer: Answer, arrivedMs: number) => void;
}

/** `answer-lost`: accepted, but the client gets no answer. `request-lost`: it never arrives. */
export type CdnProFault =
  | 'error'
  /** 429, since somebody else has used up the user's limit. */
  | 'throttled'
  | 'too-large'
  | 'unauthorized'
  | 'answer-lost'
  | 'request-lost'
  | { readonly slowMs: number };

/** A simulated CDN Pro with an exact sliding window, and what it saw. */
export interface SimulatedCdnPro extends CdnProClient {
  /** When requests arrived, refused ones included, ascending. */
  readonly arrivals: number[];
  /** How many were answered with 429. */
  readonly throttled: number;
}

const timeoutMs = 10_000;

/** @returns a CDN Pro that knows no time but the clock's */
export function createCdnPro(clock: VirtualClock, options: CdnProOptions): SimulatedCdnPro {
  const { requests, windowMs, wayMs, fault, sendsRetryAfter = true, bad, onRequest } = options;
  const arrivals: number[] = [];
  let sent = 0;
  let throttled = 0;

  /** Counts a request, a refused one too, and judges it. */
  function arrive(body: PurgeRequestBody, failure: CdnProFault | undefined): Answer {
    const nowMs = clock.nowMs();
    arrivals.push(nowMs);
    const oldest = arrivals[arrivals.length - 1 - requests];
    const answer = oldest !== undefined && oldest > nowMs - windowMs ? refuse(oldest) : judge(body, failure);
    onRequest(body, answer, nowMs);
    return answer;
  }

  function refuse(oldestMs: number): Answer {
    throttled++;
    // The header is in whole seconds.
    const retryAfterMs = Math.ceil((oldestMs + windowMs - clock.nowMs()) / 1000) * 1000;
    return { kind: 'throttled', ...(sendsRetryAfter ? { retryAfterMs } : {}) };
  }

  function judge(body: PurgeRequestBody, failure: CdnProFault | undefined): Answer {
    if (failure === 'error') return { kind: 'unavailable', reason: 'HTTP 503' };
    if (failure === 'throttled')
      return { kind: 'throttled', ...(sendsRetryAfter ? { retryAfterMs: 5000 } : {}) };
    if (failure === 'unauthorized') return { kind: 'unauthorized', status: 401, message: 'no' };
    const urls = body.fileUrls ?? [];
    if (failure === 'too-large' && urls.length > 1) return { kind: 'refused', status: 413, message: '' };
    const found = bad === undefined ? undefined : urls.find(bad.isBad);
    if (found === undefined) return { kind: 'accepted', purgeId: String(arrivals.length) };
    const message =
      bad?.isNamed === true
        ? `The purge URL '${found}' is invalid, special letters need to be encoded.`
        : 'no';
    return { kind: 'refused', status: 400, code: 'InvalidPurgeUrl', message };
  }

  const client: PreparedClient = {
    submit: (body) =>
      new Promise((resolve) => {
        const sentMs = clock.nowMs();
        const failure = fault?.(sent++, sentMs);
        const isLost = failure === 'request-lost' || failure === 'answer-lost';
        const extraMs = typeof failure === 'object' ? failure.slowMs : 0;
        if (failure !== 'request-lost') {
          // A slow request can arrive when its client has long given up.
          clock.at(sentMs + Math.min(wayMs(sentMs) + extraMs, timeoutMs), () => {
            const answer = arrive(body, failure);
            const answeredMs = clock.nowMs() + wayMs(clock.nowMs());
            if (!isLost && answeredMs < sentMs + timeoutMs) clock.at(answeredMs, () => resolve(answer));
          });
        }
        clock.at(sentMs + timeoutMs, () => resolve({ kind: 'unavailable', reason: 'timed out' }));
      }),
    purgeTokens: async () => ({}),
    serviceQuotas: async () => ({}),
  };
  return {
    arrivals,
    get throttled() {
      return throttled;
    },
    prepare: async () => client,
  };
}
