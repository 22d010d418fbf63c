/** Where an object is. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** Which objects URLs show, as far as changes told: rules may map keys to URLs in any way. */
export interface ShownPages {
  /** Takes the URLs that a change of an object makes stale. */
  add(object: ObjectPlace, urls: readonly string[]): void;
  /**
   * @param url in any spelling
   * @param likely the object whose key is the URL's path
   * @returns the objects to try in turn: the likely one, unless it is known to be at other URLs, and the one whose
   *   change named this URL last
   */
  find(url: URL, likely: ObjectPlace): readonly ObjectPlace[];
}

/** @returns a table without pages */
export function createShownPages(): ShownPages {
  const objectAt = new Map<string, ObjectPlace>();
  const urlsOf = new Map<string, ReadonlySet<string>>();
  return {
    add(object, urls) {
      const pages = urls.flatMap(pageOf);
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

/** @returns a URL's path in plain text; a directory shows its index document */
export function pathOf({ pathname }: URL): string {
  const path = decoded(pathname.slice(1));
  return path === '' || path.endsWith('/') ? `${path}index.html` : path;
}

/** What is no encoding is taken as it stands. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** Wildcards and regex patterns are no pages. */
function pageOf(text: string): readonly string[] {
  if (text.includes('*') || !/^https?:/.test(text) || !URL.canParse(text)) return [];
  return [normalized(new URL(text))];
}

function normalized(url: URL): string {
  return `${url.host}/${pathOf(url)}`;
}

function nameOf({ bucket, key }: ObjectPlace): string {
  return `${bucket}/${key}`;
}
