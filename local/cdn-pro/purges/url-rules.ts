import type { RequestFault } from '../answers.ts';

const minUrlCharacters = 10;
const maxUrlCharacters = 2048;

/**
 * The characters of RFC 3986 that a cached URL can hold as they are: the unreserved and the reserved ones, except the
 * brackets, which are special letters that need to be encoded, and `#`, since a cache key has no fragment.
 */
const plainCharacters = /^[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*$/;

/** The two lists of URLs in a purge request. */
export type UrlField = 'fileUrls' | 'dirUrls';

/**
 * The rules are those of the vendor's page "Create a purge request"; its table of errors gives a code and message for
 * special letters, and for hosts (see `hostFault`). Where it gives none the code is `InvalidRequest`, and the message
 * names the field.
 * @returns what is wrong with one URL of a purge request, or `undefined`
 */
export function urlFault(field: UrlField, index: number, url: string): RequestFault | undefined {
  const path = `${field}[${index}]`;
  if (hostOf(url) === undefined)
    return invalid(`${path}: URLs must begin with http:// or https:// and a host.`);
  if (url.length < minUrlCharacters) {
    return invalid(`${path}: A URL has at least ${minUrlCharacters} characters, this one has ${url.length}.`);
  }
  if (url.length > maxUrlCharacters) {
    return invalid(`${path}: A URL can be up to ${maxUrlCharacters} characters, this one has ${url.length}.`);
  }
  if (field === 'fileUrls' && url.includes('*')) {
    return invalid(`${path}: File URLs should not contain the asterisk character, '*': '${url}'.`);
  }
  if (isEncoded(url)) return undefined;
  return {
    code: 'InvalidPurgeUrl',
    message: `The purge URL '${url}' is invalid. Special letters need to be encoded.`,
  };
}

/** @returns the host of an http or https URL without its port, as written, or `undefined` when it has none */
export function hostOf(url: string): string | undefined {
  const [, host] = /^https?:\/\/([^/?#:]+)/.exec(url) ?? [];
  return host;
}

/** @returns the vendor's fault for a host that is not deployed in the target environment, or `undefined` */
export function hostFault(
  host: string,
  target: string,
  deployed: readonly string[],
): RequestFault | undefined {
  if (deployed.some((name) => isNamed(host.toLowerCase(), name.toLowerCase()))) return undefined;
  return {
    code: 'InvalidPurgeUrl',
    message: `The host '${host}' has not been deployed in the '${target}' environment.`,
  };
}

function isNamed(host: string, name: string): boolean {
  if (!name.includes('*')) return host === name;
  const pieces = name.split('*').map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${pieces.join('.*')}$`).test(host);
}

/**
 * The vendor's own example of a bad URL is `…/123%abc.jpg`, in which `%ab` looks like an escape but is not a
 * character in UTF-8. So a percent sign has to begin an escape, and the escapes have to be UTF-8.
 */
function isEncoded(url: string): boolean {
  if (!plainCharacters.test(url)) return false;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): RequestFault {
  return { code: 'InvalidRequest', message };
}
