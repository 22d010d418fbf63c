import type { PurgeRequest } from '../cdn-pro/purges/purge-request.ts';
import { inJavaScript, regexParts } from '../cdn-pro/purges/regex-rules.ts';
import { type CacheKey, type CacheKeyAdditions, cacheUrlOf } from './cache-key.ts';

type FileHeaders = NonNullable<PurgeRequest['fileHeaders']>;

/**
 * @returns a function that says whether a purge request covers a cache key, by the rules of the vendor's page
 *   "Create a purge request"; what the key does not tell apart, the request does not, either
 */
export function purgeMatcher(
  request: PurgeRequest,
  additions: CacheKeyAdditions,
): (key: CacheKey) => boolean {
  const files = new Set(request.fileUrls?.map((url) => cacheUrlOf(url, additions)));
  const wanted = headerValues(request.fileHeaders ?? []);
  const patterns = [
    ...(request.dirUrls ?? []).map((url) => dirUrlMatcher(cacheDirUrlOf(url, additions))),
    ...(request.regexPatterns ?? []).map((pattern) => regexMatcher(cacheRegexOf(pattern, additions))),
  ];
  return (key) =>
    (files.has(key.url) && isVersion(key, wanted)) || patterns.some((matches) => matches(key.url));
}

/** What follows the host of a directory URL is compared with the key as it is. */
function cacheDirUrlOf(url: string, additions: CacheKeyAdditions): string {
  const [, origin = '', rest = ''] = /^(https?:\/\/[^/?#]*)(.*)$/s.exec(url) ?? [];
  return cacheUrlOf(origin, additions).slice(0, -1) + rest;
}

function cacheRegexOf(regex: string, { scheme: withScheme, hosts = {} }: CacheKeyAdditions): string {
  const parts = regexParts(regex);
  if (parts === undefined) return regex;
  const host = parts.host.toLowerCase();
  return `${withScheme ? parts.scheme : 'any'}://${hosts[host] ?? host}${parts.pattern}`;
}

/**
 * Only the last `*` or `**` of a directory URL is a wildcard: `*` matches any characters except slashes, encoded ones
 * among them, and `**` any characters. Without a wildcard it covers all variations of one URL. Takes time linear in the
 * length of the URLs.
 *
 * The page says that `*` leaves subdirectories out, and not whether it matches a slash in a query string, or the entry
 * of the directory itself: here it matches neither, which is the least that the page promises.
 * @returns a function that says whether a directory URL covers the URL of a cache key
 */
export function dirUrlMatcher(dirUrl: string): (url: string) => boolean {
  const end = dirUrl.lastIndexOf('*');
  if (end < 0) {
    const path = withoutQuery(dirUrl);
    return (url) => withoutQuery(url) === path;
  }
  const crossesSlashes = end > 0 && dirUrl[end - 1] === '*';
  const prefix = dirUrl.slice(0, crossesSlashes ? end - 1 : end);
  const suffix = dirUrl.slice(end + 1);
  return (url) => {
    if (url.length < prefix.length + suffix.length) return false;
    if (!url.startsWith(prefix) || !url.endsWith(suffix)) return false;
    return crossesSlashes || isName(prefix, url.slice(prefix.length), suffix);
  };
}

/** Whether what follows a prefix is a file directly in its directory. */
function isName(prefix: string, rest: string, suffix: string): boolean {
  if (prefix.endsWith('/') && (rest === '' || rest.startsWith('?'))) return false;
  return !/\/|%2f/i.test(rest.slice(0, rest.length - suffix.length));
}

function withoutQuery(url: string): string {
  return url.replace(/\?.*$/s, '');
}

/**
 * Scheme and host are literal, with `any` for both schemes. The expression matches from the path's first slash on and need not
 * reach the end, as in the page's example `https://test.domain.com/my.*\.(jpg|png)\?q=`. The page does not name the
 * dialect: JavaScript's is used, which may take more than linear time.
 * @returns a function that says whether a regular expression of a purge request covers the URL of a cache key; a string
 *   of another form covers nothing
 * @throws SyntaxError for an expression that does not compile
 */
export function regexMatcher(regex: string): (url: string) => boolean {
  const parts = regexParts(regex);
  if (parts === undefined) return () => false;
  const schemes = parts.scheme === 'any' ? ['http', 'https'] : [parts.scheme];
  const origins = schemes.map((scheme) => `${scheme}://${parts.host}`);
  const expression = new RegExp(`^(?:${inJavaScript(parts.pattern)})`);
  return (url) =>
    origins.some((origin) => url.startsWith(`${origin}/`) && expression.test(url.slice(origin.length)));
}

/**
 * A file URL covers one version of a file: the one whose headers have the values that the request states. A header
 * that it does not state is taken as absent; one that the key does not have makes no difference.
 */
function isVersion(key: CacheKey, wanted: ReadonlyMap<string, string>): boolean {
  return Object.entries(key.headers).every(([name, value]) => (wanted.get(name) ?? '') === value);
}

function headerValues(headers: FileHeaders): ReadonlyMap<string, string> {
  return new Map(headers.map(({ name, value }) => [name.toLowerCase(), value]));
}
