import { describeValue } from '../../model/errors.ts';
import { literalStar, markStars } from './literal-star.ts';

/** The longest URL that CDN Pro takes, in characters (the purge API's page). */
export const maxUrlLength = 2048;

const maxPort = 65_535;

/**
 * What is not encoded in a path: RFC 3986's unreserved, sub-delims, `:` and `@`. A browser leaves these as they
 * are (https://url.spec.whatwg.org/#path-percent-encode-set). It would leave `[`, `]` and `|`, too, which CDN Pro
 * refuses unless encoded; docs/adr/0010 has the whole table. A `*` is left, too, and marked as literal.
 */
const onlyPlainInPath = /^[A-Za-z0-9\-._~!$&'()+,;=:@]*$/;
const onlyPlainInPathOrSlash = /^[A-Za-z0-9\-._~!$&'()+,;=:@/]*$/;
const notPlainInPath = /[^A-Za-z0-9\-._~!$&'()*+,;=:@]/gu;
const notPlainInPathOrSlash = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/]/gu;

/**
 * Percent-encodes a string (not encoded before) for use in a URL's path, as UTF-8, as a browser requests it.
 * Lone surrogates, which no URL can carry, become U+FFFD, as in a browser.
 * @param keepSlashes whether `/` separates segments (true) or is part of one (false, and becomes `%2F`)
 */
export function encodeInPath(text: string, keepSlashes: boolean): string {
  if ((keepSlashes ? onlyPlainInPathOrSlash : onlyPlainInPath).test(text)) return text;
  return markStars(
    text.toWellFormed().replace(keepSlashes ? notPlainInPathOrSlash : notPlainInPath, encodeURIComponent),
  );
}

/** Percent-encodes a string for use as a value in a URL's query: a browser encodes `'` there, and leaves `*`. */
export function encodeInQuery(text: string): string {
  return markStars(encodeURIComponent(text.toWellFormed()).replaceAll("'", '%27'));
}

/** Encodes a string for use as a value in a URL's host, in lower case. */
export function encodeInHost(text: string): string {
  return markStars(encodeURIComponent(text.toWellFormed()).toLowerCase());
}

/**
 * Encodes what a template's author wrote plainly (`/über uns/`) and keeps what is encoded already (`%20`).
 * `*`, `?`, `#`, `[` and the like keep their meaning; whether they are allowed there is checked elsewhere.
 */
export function encodeLiteral(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

/** A whole URL that came as a value: its escapes stay, and what a browser or CDN Pro wants encoded is encoded. */
export function encodeWholeUrl(text: string): string {
  const encoded = encodeLiteral(text).replace(/["<>[\\\]^`{|}]/g, encodeURIComponent);
  return markStars(normalizeOrigin(encoded.replace(/#.*$/s, '').replace(/%(?![0-9A-Fa-f]{2})/g, '%25')));
}

/**
 * Writes the beginning of a URL as a browser sends it: host in lower case and in ASCII, without the scheme's own
 * port, and with a path. A string that does not begin with http(s), or `any` as in a regex, and a host stays as it is.
 */
export function normalizeOrigin(url: string): string {
  const [origin, scheme, authority] = /^(https?|any):\/\/([^/?#]+)/i.exec(url) ?? [];
  if (origin === undefined || scheme === undefined || authority === undefined) return url;
  const rest = url.slice(origin.length);
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  return `${scheme.toLowerCase()}://${normalizeHost(authority, scheme)}${path}`;
}

function normalizeHost(authority: string, scheme: string): string {
  const plain = /^[a-z0-9.-]+$/.test(authority);
  // A user, a wildcard or a variable cannot be normalized; the checks decide about them.
  if (plain || /[@[\]*{}\\]/.test(authority)) return authority;
  const parsed = URL.parse(`${scheme.toLowerCase() === 'any' ? 'https' : scheme}://${authority}/`);
  return parsed === null ? authority : parsed.host;
}

const host = '[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?';
const plain = `[A-Za-z0-9\\-._~!$&'()+,;=:@/${literalStar}]|%[0-9A-Fa-f]{2}`;
const start = `^https?://${host}(?::\\d+)?`;
const fileUrlSyntax = new RegExp(`${start}/(?:${plain})*(?:\\?(?:${plain}|\\?)*)?$`);
const dirUrlSyntax = new RegExp(`${start}/(?:${plain}|\\*)*(?:\\?(?:${plain}|[*?])*)?$`);
const dotSegment = /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** Why CDN Pro would refuse this as an entry of `fileUrls`, or undefined where it would not. */
export function fileUrlProblem(url: string): string | undefined {
  if (url.includes('*')) return `a file URL must not hold "*", got ${describeValue(url)}: use dirUrls`;
  return lengthProblem(url) ?? syntaxProblem(url, fileUrlSyntax) ?? portProblem(url) ?? segmentsProblem(url);
}

/** Why CDN Pro would refuse this as an entry of `dirUrls`, or undefined where it would not. */
export function dirUrlProblem(url: string): string | undefined {
  return lengthProblem(url) ?? syntaxProblem(url, dirUrlSyntax) ?? portProblem(url) ?? segmentsProblem(url);
}

/**
 * What values can still make wrong where the template is right: the length, and segments that no browser sends. Where
 * values are in the host, or are the whole URL, the syntax has to be checked, too.
 */
export function valuesProblem(url: string): string | undefined {
  return lengthProblem(url) ?? segmentsProblem(url);
}

function lengthProblem(url: string): string | undefined {
  return url.length > maxUrlLength
    ? `expected at most ${maxUrlLength} characters, got ${url.length}`
    : undefined;
}

function portProblem(url: string): string | undefined {
  const [, port] = /^https?:\/\/[^/]*:(\d+)\//.exec(url) ?? [];
  if (port === undefined || (Number(port) >= 1 && Number(port) <= maxPort)) return undefined;
  return `expected a port of 1 to ${maxPort}, got ${describeValue(url)}`;
}

function segmentsProblem(url: string): string | undefined {
  // The first test is a quick one, since nearly no URL has what the second looks for.
  if (!url.includes('/.') && !url.includes('/%2')) return undefined;
  if (!dotSegment.test(url)) return undefined;
  return `a browser resolves the segments "." and "..", and never requests ${describeValue(url)}`;
}

function syntaxProblem(url: string, syntax: RegExp): string | undefined {
  if (/^https?:\/\/https?\//.test(url)) return `expected one scheme, got two in ${describeValue(url)}`;
  if (syntax.test(url))
    return isUtf8(url) ? undefined : `expected escapes that decode as UTF-8, got ${describeValue(url)}`;
  if (!/^https?:\/\//.test(url))
    return `expected a URL that begins with http:// or https://, got ${describeValue(url)}`;
  return `expected a host and a path with special letters percent-encoded, got ${describeValue(url)}`;
}

/** The purge API's page refuses `123%abc.jpg`, whose `%ab` is well-formed but not UTF-8. */
function isUtf8(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
