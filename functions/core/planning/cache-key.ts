/** What CDN Pro's cache key does not tell apart, so that a second purge of it would be one for nothing. */
export interface CacheKey {
  /**
   * Whether `http` and `https` are cached apart.
   * @default false
   */
  readonly scheme?: boolean;
  /**
   * Host names that share one cache: the name of one of them, and the names of the others.
   * @default - none
   */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
}

const beginning = /^(https?):\/\/([^/?#]*)/;

/** @returns a function that gives URLs of the same cache key the same string */
export function cacheKeyWith({ scheme = false, hosts = {} }: CacheKey): (url: string) => string {
  const sharing = new Map(
    Object.entries(hosts).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
  );
  return (url) => {
    const [whole = '', ownScheme = '', host = ''] = beginning.exec(url) ?? [];
    if (whole === '') return url;
    return `${scheme ? ownScheme : 'any'}://${sharing.get(host) ?? host}${url.slice(whole.length)}`;
  };
}
