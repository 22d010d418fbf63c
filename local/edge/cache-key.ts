import type { IncomingHttpHeaders } from 'node:http';
import type { CacheKey } from './purge-matcher.ts';

/** How an edge makes cache keys from requests. */
export interface CacheKeyRules {
  /** The host that stands for the edge's own address. */
  readonly defaultHost: string;
  /** The scheme of a request without `x-forwarded-proto`. */
  readonly defaultScheme: 'http' | 'https';
  /** Headers that are part of the cache key, in any case. */
  readonly varyHeaders: readonly string[];
}

const OWN_ADDRESS = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;
const DEFAULT_PORTS = { http: ':80', https: ':443' };

/**
 * Returns the cache key of a request: `{scheme}://{Host header}{path and query}` with the headers that the cache
 * varies by. Returns `undefined` for a request that names no URL, such as one with a malformed host.
 */
export function cacheKeyOf(
  target: string,
  headers: IncomingHttpHeaders,
  rules: CacheKeyRules,
): CacheKey | undefined {
  const forwarded = headers['x-forwarded-proto'];
  const scheme = forwarded === 'http' || forwarded === 'https' ? forwarded : rules.defaultScheme;
  const url = `${scheme}://${hostOf(headers.host ?? '', scheme, rules.defaultHost)}${target}`;
  if (!target.startsWith('/') || !URL.canParse(url)) return undefined;
  const names = rules.varyHeaders.map((name) => name.toLowerCase());
  return { url, headers: Object.fromEntries(names.map((name) => [name, String(headers[name] ?? '')])) };
}

function hostOf(header: string, scheme: 'http' | 'https', defaultHost: string): string {
  const host = header.toLowerCase();
  if (host === '' || OWN_ADDRESS.test(host)) return defaultHost;
  const port = DEFAULT_PORTS[scheme];
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
