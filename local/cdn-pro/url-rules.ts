const MAX_URL_CHARACTERS = 2048;

/**
 * The characters of RFC 3986 that a cached URL can hold as they are: the unreserved and the reserved ones, but for
 * the brackets, which the seed names among the special letters, and `#`, since a cache key has no fragment.
 */
const PLAIN = /^[A-Za-z0-9\-._~:/?@!$&'()*+,;=%]*$/;

/** The two lists of URLs in a purge request. */
export type UrlField = 'fileUrls' | 'dirUrls';

/**
 * Returns what is wrong with one URL of a purge request, or `undefined`. The rules are those of the vendor's page
 * "Create a purge request"; its table of errors gives a code and message for special letters, and for hosts (see
 * `hostFault`). Where it gives none the code is `InvalidRequest`, and the message names the field.
 */
export function urlFault(field: UrlField, index: number, url: string): RequestFault | undefined {
  const place = `${field}[${index}]`;
  if (hostOf(url) === undefined)
    return invalid(`${place}: URLs must begin with http:// or https:// and a host.`);
  if (url.length > MAX_URL_CHARACTERS) {
    return invalid(
      `${place}: A URL can be up to ${MAX_URL_CHARACTERS} characters, this one has ${url.length}.`,
    );
  }
  if (field === 'fileUrls' && url.includes('*')) {
    return invalid(`${place}: File URLs should not contain the asterisk character, '*': '${url}'.`);
  }
  if (isEncoded(url)) return undefined;
  return {
    code: 'InvalidPurgeUrl',
    message: `The purge URL '${url}' is invalid. Special letters need to be encoded.`,
  };
}

/** Returns the host of an http or https URL without its port, as it is written, or `undefined` when it has none. */
export function hostOf(url: string): string | undefined {
  const [, host] = /^https?:\/\/([^/?#:]+)/.exec(url) ?? [];
  return host;
}

/** Returns the vendor's fault for a host that is not deployed in the target environment, or `undefined`. */
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
 * The vendor's own example of a bad URL is `…/123%abc.jpg`, in which `%ab` looks like an escape but stands for no
 * character in UTF-8. So a percent sign has to begin an escape, and the escapes have to be text.
 */
function isEncoded(url: string): boolean {
  if (!PLAIN.test(url)) return false;
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

/** Why a purge request is refused with 400. */
export interface RequestFault {
  readonly code: 'InvalidPurgeUrl' | 'InvalidRequest';
  readonly message: string;
}
