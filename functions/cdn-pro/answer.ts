/** A response of CDN Pro, as far as its meaning needs it. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

interface Answered {
  /** `x-cnc-request-id`, by which CDNetworks' support finds the request. */
  readonly requestId?: string;
}

/** What CDN Pro's answer to a purge request means. */
export type Answer =
  | (Answered & { readonly kind: 'accepted'; readonly purgeId?: string })
  /** The content is at fault: at least one entry will never be accepted. */
  | (Answered & { readonly kind: 'refused'; readonly status: number; readonly message: string })
  | (Answered & { readonly kind: 'too-large'; readonly status: number; readonly message: string })
  | (Answered & { readonly kind: 'unauthorized'; readonly status: number; readonly message: string })
  /** `retryAfterMs`: how long to stay away, where the server says so. */
  | (Answered & { readonly kind: 'throttled'; readonly retryAfterMs?: number })
  /** No verdict on the content: the API was out of reach, or failed itself. */
  | (Answered & { readonly kind: 'unavailable'; readonly reason: string });

/**
 * Statuses under 500 that say nothing of the request's content: a wrong endpoint or method, a proxy's timeout.
 * Rejecting content for them would empty the purge queue into the dead letter queue.
 */
const notAboutContent = new Set([404, 405, 407, 408, 421, 425]);

/**
 * @returns what a response to `POST /cdn/purges` means; never throws
 * @param nowMs for a `Retry-After` that states a date
 */
export function readAnswer({ status, headers, body }: ApiResponse, nowMs: number): Answer {
  const requestId = headers.get('x-cnc-request-id');
  const answered = requestId === null ? {} : { requestId };
  const message = messageOf(body);
  if (status >= 200 && status < 300) return { kind: 'accepted', ...answered, ...purgeIdOf(headers) };
  if (status === 401 || status === 403) return { kind: 'unauthorized', ...answered, status, message };
  if (status === 429) return { kind: 'throttled', ...answered, ...retryAfterOf(headers, nowMs) };
  if (status === 413 || (status === 400 && isAboutSize(message))) {
    return { kind: 'too-large', ...answered, status, message };
  }
  if (status < 400 || status >= 500 || notAboutContent.has(status)) {
    return { kind: 'unavailable', ...answered, reason: `HTTP ${status}: ${message}` };
  }
  return { kind: 'refused', ...answered, status, message };
}

/** The last part of `Location: {scheme}://{domain}/cdn/purges/{purgeId}` (the purge API's page). */
function purgeIdOf(headers: Headers): { purgeId?: string } {
  const purgeId = /\/cdn\/purges\/([^/?#]+)/.exec(headers.get('location') ?? '')?.[1];
  return purgeId === undefined ? {} : { purgeId };
}

/** Both forms of RFC 9110: seconds, or a date. */
function retryAfterOf(headers: Headers, nowMs: number): { retryAfterMs?: number } {
  const value = headers.get('retry-after');
  if (value === null) return {};
  if (/^\d+$/.test(value)) return { retryAfterMs: Number(value) * 1000 };
  const dateMs = Date.parse(value);
  return Number.isNaN(dateMs) ? {} : { retryAfterMs: Math.max(0, dateMs - nowMs) };
}

function isAboutSize(message: string): boolean {
  return (
    /too (?:large|long|many)|exceed\w* .*(?:size|length|limit)/i.test(message) &&
    !/^The (?:host|purge URL) '/.test(message)
  );
}

/** The error's `message`, else the beginning of whatever came. */
function messageOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not the API's own error: a proxy's page, or nothing.
  }
  return body.slice(0, 500);
}
