import type { IncomingHttpHeaders } from 'node:http';
import type { CacheKey } from './purge-matcher.ts';

/** How an edge makes the cache key of a request. */
export interface CacheKeyRules {
  /** The host of a request to the edge's own address. */
  readonly defaultHost: string;
  /** The scheme of a request without `x-forwarded-proto`. */
  readonly defaultScheme: 'http' | 'https';
  /** Headers that are part of the cache key, in any case. */
  readonly varyHeaders: readonly string[];
}

const ownAddress = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;
const defaultPorts = { http: ':80', https: ':443' };

/**
 * @returns the cache key of a request: `{scheme}://{Host header}{path and query}` with the headers that the cache varies
 *   by; `undefined` for a request without a valid URL, such as one with a malformed host
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
  if (host === '' || ownAddress.test(host)) return defaultHost;
  const port = defaultPorts[scheme];
  return host.endsWith(port) ? host.slice(0, -port.length) : host;
}
