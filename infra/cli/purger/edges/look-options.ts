import { UsageError } from '../../usage-error.ts';

/** Where to look at a page. */
export interface LookOptions {
  /** Addresses of edges; none for those that the purger knows. */
  readonly edgeAt: readonly string[];
  /** The origin's URL of the page. */
  readonly origin: URL | undefined;
}

/**
 * @param options as the command line has them: an origin may be a scheme and a host alone
 * @throws UsageError for an address or an origin that is none
 */
export function readLookOptions(
  url: string,
  { edgeAt, origin }: { readonly edgeAt: readonly string[]; readonly origin: string | undefined },
): LookOptions {
  return {
    edgeAt: edgeAt.map(readAddress),
    origin: origin === undefined ? undefined : readOrigin(origin, new URL(url)),
  };
}

function readAddress(address: string): string {
  const url = /^https?:\/\//.test(address) ? address : `https://${address}`;
  const isAddress = URL.canParse(url) && new URL(url).pathname === '/' && !/[/?#]/.test(url.slice(8));
  if (isAddress) return address;
  throw new UsageError(
    `Expected --edge-at to be the address of an edge, such as 203.0.113.7, got "${address}"`,
  );
}

function readOrigin(origin: string, { pathname, search }: URL): URL {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      `Expected --origin to be a URL, such as https://origin.example.com/, got "${origin}"`,
    );
  }
  return url.pathname === '/' && url.search === '' ? new URL(`${url.origin}${pathname}${search}`) : url;
}
