import { isRecord } from '../core/model/record.ts';

/** A response of CDN Pro, as far as its meaning needs it. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** What every answer may have. */
export interface Answered {
  /** `x-cnc-request-id`, by which CDNetworks' support finds the request. */
  readonly requestId?: string;
  /** `x-rate-limit-remaining`: how many requests the customer's bucket has left. */
  readonly remaining?: number;
}

/** What CDN Pro's answer to a purge request means. */
export type Answer =
  | (Answered & { readonly kind: 'accepted'; readonly purgeId: string })
  /** Not accepted as it is; whether an entry is at fault is for evidence to say. */
  | (Answered & {
      readonly kind: 'refused';
      readonly status: number;
      /** The vendor's name of the error, where it is known: `InvalidPurgeUrl`, `DuplicateFileHeaderName`. */
      readonly code?: string;
      readonly message: string;
    })
  /** 401: the credentials are refused. */
  | (Answered & { readonly kind: 'unauthorized'; readonly status: number; readonly message: string })
  /** 403: a firewall that dislikes a URL, an exhausted quota, a missing permission, or the credentials. */
  | (Answered & {
      readonly kind: 'forbidden';
      readonly status: number;
      readonly code?: string;
      readonly message: string;
    })
  /** `retryAfterMs`: how long to stay away, where the server says so, from 1 s to CDN Pro's window. */
  | (Answered & { readonly kind: 'throttled'; readonly retryAfterMs?: number; readonly message?: string })
  /** No verdict on the content: the API was out of reach, failed itself, or somebody else has answered. */
  | (Answered & {
      readonly kind: 'unavailable';
      /** Missing where there was no answer. */
      readonly status?: number;
      readonly reason: string;
    });

/**
 * Statuses under 500 that say nothing of the request's content: a wrong endpoint or method, a proxy's timeout.
 * Rejecting content for them would empty the purge queue into the dead letter queue.
 */
const notAboutContent = new Set([404, 405, 407, 408, 421, 425]);

/** So much of what a 429 says is kept with the limits. */
const mostThrottleCharacters = 200;
const shortestRetryAfterMs = 1000;
/** CDN Pro's window: after it, the limit is free again whatever a header says. */
const longestRetryAfterMs = 300_000;

/**
 * @returns what a response to `POST /cdn/purges` means; never throws
 * @param nowMs for a `Retry-After` that states a date
 */
export function readAnswer(response: ApiResponse, nowMs: number): Answer {
  const { status, headers, body } = response;
  const answered = readAnswered(headers);
  const purgeId = purgeIdOf(response);
  if (purgeId !== undefined) return { kind: 'accepted', ...answered, purgeId };
  const error = errorIn(body);
  const message = error?.message ?? body.slice(0, 500);
  const code = error?.code === undefined ? {} : { code: error.code };
  if (status === 401) return { kind: 'unauthorized', ...answered, status, message };
  if (status === 403) return { kind: 'forbidden', ...answered, status, ...code, message };
  if (status === 429) {
    const words = message === '' ? {} : { message: message.slice(0, mostThrottleCharacters) };
    return { kind: 'throttled', ...answered, ...retryAfterOf(headers, nowMs), ...words };
  }
  if (status === 413 || (error !== undefined && isAboutRequest(status))) {
    return { kind: 'refused', ...answered, status, ...code, message };
  }
  return { kind: 'unavailable', ...answered, status, reason: `HTTP ${status}: ${message}` };
}

/** @returns what every answer of the API may have in its headers */
export function readAnswered(headers: Headers): Answered {
  const requestId = headers.get('x-cnc-request-id');
  const remaining = headers.get('x-rate-limit-remaining')?.trim() ?? '';
  return {
    ...(requestId === null ? {} : { requestId }),
    ...(/^\d{1,9}(?:\.\d+)?$/.test(remaining) ? { remaining: Number(remaining) } : {}),
  };
}

/** The API answers errors about a request in JSON; HTML and the like come from a proxy in front of it. */
function isAboutRequest(status: number): boolean {
  return status >= 400 && status < 500 && !notAboutContent.has(status);
}

/** A purge that was created: 201 with `Location: {scheme}://{domain}/cdn/purges/{purgeId}`, and nothing else. */
function purgeIdOf({ status, headers }: ApiResponse): string | undefined {
  if (status !== 201) return undefined;
  return /\/cdn\/purges\/([^/?#]+)/.exec(headers.get('location') ?? '')?.[1];
}

/** @returns what a 429 says by CDN Pro's own header, else by both forms of RFC 9110: seconds, or a date */
export function retryAfterOf(headers: Headers, nowMs: number): { retryAfterMs?: number } {
  const value = headers.get('x-rate-limit-retry-after-seconds') ?? headers.get('retry-after');
  if (value === null) return {};
  const ms = /^\s*[-+]?\d+(?:\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  if (Number.isNaN(ms)) return {};
  return { retryAfterMs: Math.min(longestRetryAfterMs, Math.max(shortestRetryAfterMs, ms)) };
}

/** The API's own error, `{code, message}`; undefined where the body is something else. */
function errorIn(body: string): { readonly code?: string; readonly message: string } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (!isRecord(json)) return undefined;
  const { code, message } = json;
  if (typeof code !== 'string' && typeof message !== 'string') return undefined;
  return {
    ...(typeof code === 'string' ? { code } : {}),
    message: typeof message === 'string' ? message : String(code),
  };
}
