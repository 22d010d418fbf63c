import type { IncomingHttpHeaders } from 'node:http';

/** The key of one cached version of a page. */
export interface CacheKey {
  /** Host, path, and what else of the URL is a part of the key, in the form of a URL. */
  readonly url: string;
  /** The headers that are a part of the key, names in lower case; a header that a request lacked is the empty string. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a property adds to the vendor's cache key, which is host name and path: without the query string, and the same
 * for http and https.
 */
export interface CacheKeyAdditions {
  /** Whether http and https are cached apart. */
  readonly scheme?: boolean;
  /** The query parameters that are a part of the key, in this order; `all` for the query string as it is. */
  readonly query?: 'all' | readonly string[];
  /** Request headers that are a part of the key, in any case. */
  readonly headers?: readonly string[];
  /** Host names that share another one's cache. */
  readonly hosts?: Readonly<Record<string, string>>;
}

/** How an edge makes the cache key of a request. */
export interface CacheKeyRules extends CacheKeyAdditions {
  /** The host of a request to the edge's own address. */
  readonly defaultHost: string;
  /** The scheme of a request without `x-forwarded-proto`. */
  readonly defaultScheme: 'http' | 'https';
}

/** A request for a page, with the key under which it is cached. */
export interface PageRequest {
  /** As requested, for the origin. */
  readonly url: string;
  readonly key: CacheKey;
}

const ownAddress = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/;

/** @returns what a request asks for; `undefined` for one without a valid URL, such as one with a malformed host */
export function pageRequestOf(
  target: string,
  headers: IncomingHttpHeaders,
  rules: CacheKeyRules,
): PageRequest | undefined {
  const forwarded = headers['x-forwarded-proto'];
  const scheme = forwarded === 'http' || forwarded === 'https' ? forwarded : rules.defaultScheme;
  const host = (headers.host ?? '').toLowerCase();
  const url = `${scheme}://${host === '' || ownAddress.test(host) ? rules.defaultHost : host}${target}`;
  return target.startsWith('/') && URL.canParse(url) ? pageRequest(url, headers, rules) : undefined;
}

/** @returns a request for a URL with these headers, names in lower case */
export function pageRequest(
  url: string,
  headers: IncomingHttpHeaders,
  rules: CacheKeyAdditions,
): PageRequest {
  const names = (rules.headers ?? []).map((name) => name.toLowerCase());
  const values = names.map((name) => [name, String(headers[name] ?? '')] as const);
  return {
    url: cacheUrlOf(url, { ...rules, scheme: true, query: 'all', hosts: {} }),
    key: { url: cacheUrlOf(url, rules), headers: Object.fromEntries(values) },
  };
}

/** @returns the part of the cache key that a URL gives, in the form of a URL: what the key does not tell apart is the same */
export function cacheUrlOf(
  url: string,
  { scheme: withScheme, query, hosts = {} }: CacheKeyAdditions,
): string {
  const [, scheme = '', authority = '', path = '', search = ''] =
    /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  const host = withoutDefaultPort(authority.toLowerCase(), scheme);
  const kept = query === 'all' ? search : keptParameters(search, query ?? []);
  const suffix = kept === '' ? '' : `?${kept}`;
  return `${withScheme ? scheme : 'https'}://${hosts[host] ?? host}${path === '' ? '/' : path}${suffix}`;
}

function keptParameters(search: string, names: readonly string[]): string {
  const pairs = search.split('&');
  return names.flatMap((name) => pairs.filter((pair) => pair.split('=')[0] === name)).join('&');
}

function withoutDefaultPort(host: string, scheme: string): string {
  return host.replace(scheme === 'http' ? /:80$/ : /:443$/, '');
}
