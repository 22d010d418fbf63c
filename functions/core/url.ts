import { describeValue } from './errors.ts';

/** The longest URL that CDN Pro takes, in characters (the purge API's page). */
export const maxUrlLength = 2048;

/** What stands for itself in a path: RFC 3986's unreserved, sub-delims, `:` and `@`, less `*`, a wildcard to CDN Pro. */
const plainInPath = /[A-Za-z0-9\-._~!$&'()+,;=:@]/;
const notPlainInPath = new RegExp(`(?!${plainInPath.source})[\\s\\S]`, 'gu');
const notPlainInPathOrSlash = new RegExp(`(?!${plainInPath.source}|/)[\\s\\S]`, 'gu');

/**
 * Percent-encodes a text (not encoded before) for use in a URL's path, as UTF-8.
 * Lone surrogates, which no URL can carry, become U+FFFD.
 * @param keepSlashes whether `/` separates segments (true) or is part of one (false, and becomes `%2F`)
 */
export function encodeInPath(text: string, keepSlashes: boolean): string {
  return text.toWellFormed().replace(keepSlashes ? notPlainInPathOrSlash : notPlainInPath, percentEncode);
}

/** Percent-encodes a text for use as a value in a URL's query. */
export function encodeInQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll('*', '%2A');
}

function percentEncode(character: string): string {
  return character === '*' ? '%2A' : encodeURIComponent(character);
}

/**
 * Encodes what a template's author wrote plainly (`/über uns/`) and keeps what is encoded already (`%20`).
 * `*`, `?`, `#`, `[` and the like keep their meaning; whether they may stand there is for the checks to say.
 */
export function encodeLiteral(text: string): string {
  return text.toWellFormed().replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

const fileUrlSyntax =
  /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?(?:\/(?:[A-Za-z0-9\-._~!$&'()+,;=:@/]|%[0-9A-Fa-f]{2})*)?(?:\?(?:[A-Za-z0-9\-._~!$&'()+,;=:@/?]|%[0-9A-Fa-f]{2})*)?$/;
const dirUrlSyntax =
  /^https?:\/\/[A-Za-z0-9.-]+(?::\d{1,5})?\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*(?:\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*)?$/;
const regexPatternSyntax = /^(?:https?|any):\/\/[A-Za-z0-9.-]+\/[\s\S]*$/;

/** Why CDN Pro would refuse this as an entry of `fileUrls`, or undefined where it would not. */
export function faultOfFileUrl(url: string): string | undefined {
  if (url.includes('*')) return `a file URL must not hold "*", got ${describeValue(url)}: use dirUrls`;
  return faultOfUrl(url, fileUrlSyntax);
}

/** Why CDN Pro would refuse this as an entry of `dirUrls`, or undefined where it would not. */
export function faultOfDirUrl(url: string): string | undefined {
  return faultOfUrl(url, dirUrlSyntax);
}

function faultOfUrl(url: string, syntax: RegExp): string | undefined {
  if (url.length > maxUrlLength) return `expected at most ${maxUrlLength} characters, got ${url.length}`;
  if (syntax.test(url))
    return isUtf8(url) ? undefined : `expected escapes that decode as UTF-8, got ${describeValue(url)}`;
  if (!/^https?:\/\//.test(url))
    return `expected a URL that begins with http:// or https://, got ${describeValue(url)}`;
  return `expected a host and a path with special letters percent-encoded, got ${describeValue(url)}`;
}

/** The purge API's page refuses `123%abc.jpg`, whose `%ab` is well-formed and yet no UTF-8. */
function isUtf8(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

/** Limits on `regexPatterns`: characters after the host, unlimited quantifiers, upper limit of a quantifier. */
const regexLimits = { length: 126, unlimitedQuantifiers: 2, upperLimit: 59 };

/** Why CDN Pro would refuse this as an entry of `regexPatterns`, or undefined where it would not. */
export function faultOfRegexPattern(pattern: string): string | undefined {
  if (!regexPatternSyntax.test(pattern)) {
    return `expected a pattern that begins with {http|https|any}://{host}/, got ${describeValue(pattern)}`;
  }
  const afterHost = pattern.slice(pattern.indexOf('/', pattern.indexOf('://') + 3));
  if (afterHost.length > regexLimits.length) {
    return `expected at most ${regexLimits.length} characters after the host, got ${afterHost.length}`;
  }
  return faultOfQuantifiers(afterHost);
}

function faultOfQuantifiers(regex: string): string | undefined {
  // Escaped characters and character classes hold no quantifiers.
  const bare = regex.replace(/\\[\s\S]/g, '_').replace(/\[[^\]]*\]/g, '_');
  const unlimited = bare.match(/[*+]|\{\d+,\}/g)?.length ?? 0;
  if (unlimited > regexLimits.unlimitedQuantifiers) {
    return `expected at most ${regexLimits.unlimitedQuantifiers} unlimited quantifiers (*, +, {n,}), got ${unlimited}`;
  }
  const upper = [...bare.matchAll(/\{(?:\d+,)?(\d+)\}/g)].map(([, limit]) => Number(limit));
  const tooHigh = upper.find((limit) => limit > regexLimits.upperLimit);
  if (tooHigh === undefined) return undefined;
  return `expected a quantifier's upper limit of at most ${regexLimits.upperLimit}, got ${tooHigh}`;
}
