import type { Page } from './edge/cache.ts';

/** Where the pages are that no S3 event is for: what a site's renderer makes of the CMS's entries. */
const renderedPrefix = 'rendered/';

/** The S3 bucket behind the edge. */
export interface Origin {
  /** @returns the object or rendered page that a URL stands for; undefined where there is none */
  fetch(url: URL): Promise<Page | undefined>;
  put(key: string, text: string): Promise<void>;
  /** Lets a URL show an object, whatever its path: rules may map keys to URLs in any way. */
  show(url: string, key: string): void;
  remove(key: string): Promise<void>;
  /** Renders the page that a URL shows, without an event. */
  render(url: string, text: string): Promise<void>;
}

/**
 * @param bucketUrl of the S3 endpoint, e.g. `http://127.0.0.1:4566/www-example-com`
 * @param prefix of the keys that are the site, as in the configuration's `buckets`
 */
export function createOrigin(bucketUrl: string, prefix: string): Origin {
  const shown = new Map<string, string>();
  const urlOf = (key: string) => `${bucketUrl}/${key.split('/').map(encodeURIComponent).join('/')}`;

  async function get(key: string): Promise<Page | undefined> {
    const response = await fetch(urlOf(key));
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`S3 answered ${response.status} for ${key}`);
    const contentType = response.headers.get('content-type') ?? 'application/octet-stream';
    return { status: 200, headers: { 'content-type': contentType }, body };
  }

  async function write(method: 'PUT' | 'DELETE', key: string, text?: string): Promise<void> {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const response = await fetch(
      urlOf(key),
      text === undefined ? { method } : { method, headers, body: text },
    );
    if (!response.ok)
      throw new Error(`S3 answered ${response.status} to ${method} ${key}: ${await response.text()}`);
  }

  return {
    async fetch(url) {
      const path = pathOf(url);
      return (await get(shown.get(path) ?? prefix + path)) ?? (await get(renderedPrefix + path));
    },
    show(url, key) {
      shown.set(pathOf(new URL(url)), key);
    },
    put: (key, text) => write('PUT', key, text),
    remove: (key) => write('DELETE', key),
    render: (url, text) => write('PUT', renderedPrefix + pathOf(new URL(url)), text),
  };
}

/** A directory shows its index document. */
function pathOf({ pathname }: URL): string {
  const path = decodeURIComponent(pathname.slice(1));
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
}
