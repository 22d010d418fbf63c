import type { PurgeRequest } from '../cdn-pro/purge-request.ts';
import { regexParts } from '../cdn-pro/regex-rules.ts';

/** The key of one cached version of a page. */
export interface CacheKey {
  /** Scheme, host, path and query, as requested. */
  readonly url: string;
  /** The headers that the cache varies by, names in lower case; a header that a request lacked is the empty string. */
  readonly headers: Readonly<Record<string, string>>;
}

type FileHeaders = NonNullable<PurgeRequest['fileHeaders']>;

/**
 * @returns a function that says whether a purge request covers a cache key, by the rules of the vendor's page
 *   "Create a purge request"
 */
export function purgeMatcher(request: PurgeRequest): (key: CacheKey) => boolean {
  const files = new Set(request.fileUrls);
  const wanted = headerValues(request.fileHeaders ?? []);
  const patterns = [
    ...(request.dirUrls ?? []).map(dirUrlMatcher),
    ...(request.regexPatterns ?? []).map(regexMatcher),
  ];
  return (key) =>
    (files.has(key.url) && isVersion(key, wanted)) || patterns.some((matches) => matches(key.url));
}

/**
 * Only the last `*` or `**` of a directory URL is a wildcard: `*` matches any characters except slashes, `**` any
 * characters. Without a wildcard it covers that one URL, in all its versions. Takes time linear in the length of the
 * URLs.
 *
 * The page says that `*` leaves subdirectories out, and not whether it matches a slash in a query string; here it
 * matches no slash at all, which is the least that the page promises.
 * @returns a function that says whether a directory URL covers a cached URL
 */
export function dirUrlMatcher(dirUrl: string): (url: string) => boolean {
  const end = dirUrl.lastIndexOf('*');
  if (end < 0) return (url) => url === dirUrl;
  const crossesSlashes = end > 0 && dirUrl[end - 1] === '*';
  const prefix = dirUrl.slice(0, crossesSlashes ? end - 1 : end);
  const suffix = dirUrl.slice(end + 1);
  return (url) => {
    if (url.length < prefix.length + suffix.length) return false;
    if (!url.startsWith(prefix) || !url.endsWith(suffix)) return false;
    return crossesSlashes || !url.slice(prefix.length, url.length - suffix.length).includes('/');
  };
}

/**
 * Scheme and host are literal, with `any` for both schemes. The expression matches from the path's first slash on and need not
 * reach the end, as in the page's example `https://test.domain.com/my.*\.(jpg|png)\?q=`. The page does not name the
 * dialect: JavaScript's is used, which may take more than linear time.
 * @returns a function that says whether a regular expression of a purge request covers a cached URL; a string of another
 *   form covers nothing
 * @throws SyntaxError for an expression that does not compile
 */
export function regexMatcher(regex: string): (url: string) => boolean {
  const parts = regexParts(regex);
  if (parts === undefined) return () => false;
  const schemes = parts.scheme === 'any' ? ['http', 'https'] : [parts.scheme];
  const origins = schemes.map((scheme) => `${scheme}://${parts.host}`);
  const expression = new RegExp(`^(?:${parts.pattern})`);
  return (url) =>
    origins.some((origin) => url.startsWith(`${origin}/`) && expression.test(url.slice(origin.length)));
}

/**
 * A file URL covers one version of a file: the one whose headers have the values that the request states. A header
 * that it does not state is taken as absent; one that the cache does not vary by makes no difference.
 */
function isVersion(key: CacheKey, wanted: ReadonlyMap<string, string>): boolean {
  return Object.entries(key.headers).every(([name, value]) => (wanted.get(name) ?? '') === value);
}

function headerValues(headers: FileHeaders): ReadonlyMap<string, string> {
  return new Map(headers.map(({ name, value }) => [name.toLowerCase(), value]));
}
