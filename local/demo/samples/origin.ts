import type { Page } from '../../edge/cache.ts';
import type { LocalObjects } from '../s3-source.ts';
import { createShownPages, type ObjectId, pathOf } from './shown-pages.ts';

/** The prefix of the pages that a site's renderer makes from the CMS's entries: no S3 event is for them. */
const renderedPrefix = 'rendered/';

/** The S3 buckets behind the edge. */
export interface Origin {
  /** @returns the object or rendered page that a URL shows; undefined where there is none */
  fetch(url: URL): Promise<Page | undefined>;
  put(object: ObjectId, content: string): Promise<void>;
  /** Lets URLs show an object, whatever their paths: rules may map keys to URLs in any way. */
  show(object: ObjectId, urls: readonly string[]): void;
  remove(object: ObjectId): Promise<void>;
  /** Renders the page that a URL shows, without an event. */
  render(url: string, content: string): Promise<void>;
}

/**
 * Creates a bucket for rendered pages, where the configuration watches none.
 * @returns it, as {@link createOrigin} takes it
 */
export async function createRenderedBucket(
  endpoint: string,
): Promise<Pick<LocalObjects, 'bucket' | 'prefix'>> {
  const bucket = 'rendered-pages';
  const { ok, status } = await fetch(`${endpoint}/${bucket}`, { method: 'PUT' });
  if (!ok) throw new Error(`S3 answered ${status} to the new bucket ${bucket}`);
  return { bucket, prefix: '' };
}

/**
 * @param endpoint of S3, e.g. `http://127.0.0.1:4566`
 * @param first the first objects that the configuration watches: a URL that no change named shows the one whose key is its
 *   path below their prefix
 */
export function createOrigin(
  endpoint: string,
  { bucket, prefix }: Pick<LocalObjects, 'bucket' | 'prefix'>,
): Origin {
  const shown = createShownPages();
  const urlOf = ({ bucket, key }: ObjectId) =>
    `${endpoint}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

  async function get(object: ObjectId): Promise<Page | undefined> {
    const response = await fetch(urlOf(object));
    const body = Buffer.from(await response.arrayBuffer());
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`S3 answered ${response.status} for ${object.key}`);
    return { status: 200, headers: pageHeaders(response.headers), body };
  }

  async function write(method: 'PUT' | 'DELETE', object: ObjectId, content?: string): Promise<void> {
    const headers = { 'content-type': 'text/html; charset=utf-8' };
    const response = await fetch(
      urlOf(object),
      content === undefined ? { method } : { method, headers, body: content },
    );
    if (!response.ok)
      throw new Error(`S3 answered ${response.status} to ${method} ${object.key}: ${await response.text()}`);
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
    put: (object, content) => write('PUT', object, content),
    remove: (object) => write('DELETE', object),
    render: (url, content) => write('PUT', { bucket, key: renderedPrefix + pathOf(new URL(url)) }, content),
  };
}

/** The headers of an object that an edge hands on. */
function pageHeaders(headers: Headers): Readonly<Record<string, string>> {
  const names = ['content-type', 'etag', 'last-modified'];
  return Object.fromEntries(
    names.flatMap((name) => [[name, headers.get(name) ?? '']]).filter(([, value]) => value),
  );
}
