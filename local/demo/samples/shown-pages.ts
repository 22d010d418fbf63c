/** What identifies an object. */
export interface ObjectId {
  readonly bucket: string;
  readonly key: string;
}

/** Which objects URLs show, as far as changes named them: rules may map keys to URLs in any way. */
export interface ShownPages {
  /** Adds the URLs that a change of an object makes stale. */
  add(object: ObjectId, urls: readonly string[]): void;
  /**
   * @param url in any encoding
   * @param likely the object whose key is the URL's path
   * @returns the objects to try in turn: the likely one, unless it is known to be at other URLs, then the one
   *   whose change named this URL last
   */
  find(url: URL, likely: ObjectId): readonly ObjectId[];
}

/** @returns a table without pages */
export function createShownPages(): ShownPages {
  const objectAt = new Map<string, ObjectId>();
  const urlsOf = new Map<string, ReadonlySet<string>>();
  return {
    add(object, urls) {
      const pages = urls.flatMap(pagesOf);
      if (pages.length === 0) return;
      for (const page of pages) objectAt.set(page, object);
      urlsOf.set(nameOf(object), new Set(pages));
    },
    find(url, likely) {
      const page = normalized(url);
      const found = objectAt.get(page);
      const isElsewhere = urlsOf.get(nameOf(likely))?.has(page) === false;
      if (found === undefined) return [likely];
      return isElsewhere ? [found] : [likely, found];
    },
  };
}

/** @returns a URL's path, decoded; of a directory the path of its index document */
export function pathOf({ pathname }: URL): string {
  const path = decoded(pathname.slice(1));
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
}

/** A path that is not a valid encoding stays as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** The page of a URL; none for wildcards and regex patterns. */
function pagesOf(url: string): readonly string[] {
  if (url.includes('*') || !/^https?:/.test(url) || !URL.canParse(url)) return [];
  return [normalized(new URL(url))];
}

function normalized(url: URL): string {
  return `${url.host}/${pathOf(url)}`;
}

function nameOf({ bucket, key }: ObjectId): string {
  return `${bucket}/${key}`;
}
