import type { Page } from '../edge/cache.ts';
import type { LocalObjects } from './s3-source.ts';
import { createShownPages, type ObjectPlace, pathOf } from './shown-pages.ts';

/** Where the pages are that no S3 event is for: what a site's renderer makes of the CMS's entries. */
const renderedPrefix = 'rendered/';

/** The S3 buckets behind the edge. */
export interface Origin {
  /** @returns the object or rendered page that a URL stands for; undefined where there is none */
  fetch(url: URL): Promise<Page | undefined>;
  /** Puts an object into the first bucket. */
  put(key: string, text: string): Promise<void>;
  /** Lets URLs show an object, whatever their paths: rules may map keys to URLs in any way. */
  show(object: ObjectPlace, urls: readonly string[]): void;
  remove(key: string): Promise<void>;
  /** Renders the page that a URL shows, without an event. */
  render(url: string, text: string): Promise<void>;
}

/**
 * @param endpoint of S3, e.g. `http://127.0.0.1:4566`
 * @param first the first objects that the configuration watches: a URL of which no change tells shows the one whose key
 *   is its path below their prefix
 */
export function createOrigin(
  endpoint: string,
  { bucket, prefix }: Pick<LocalObjects, 'bucket' | 'prefix'>,
): Origin {
  const shown = createShownPages();
  const urlOf = ({ bucket, key }: ObjectPlace) =>
    `${endpoint}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

  async function get(object: ObjectPlace): Promise<Page | undefined> {
    const response = await fetch(urlOf(object));
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`S3 answered ${response.status} for ${object.key}`);
    const contentType = response.headers.get('content-type') ?? 'application/octet-stream';
    return { status: 200, headers: { 'content-type': contentType }, body };
  }

  async function write(method: 'PUT' | 'DELETE', key: string, text?: string): Promise<void> {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const response = await fetch(
      urlOf({ bucket, key }),
      text === undefined ? { method } : { method, headers, body: text },
    );
    if (!response.ok)
      throw new Error(`S3 answered ${response.status} to ${method} ${key}: ${await response.text()}`);
  }

  return {
    async fetch(url) {
      const path = pathOf(url);
      const objects = shown.find(url, { bucket, key: prefix + path });
      for (const object of [...objects, { bucket, key: renderedPrefix + path }]) {
        const page = await get(object);
        if (page !== undefined) return page;
      }
      return undefined;
    },
    show: shown.add,
    put: (key, text) => write('PUT', key, text),
    remove: (key) => write('DELETE', key),
    render: (url, text) => write('PUT', renderedPrefix + pathOf(new URL(url)), text),
  };
}
