/** Under which further URLs a file is served, and what lies above it. */
export interface Pages {
  /** Index documents, e.g. `index.html`: a file URL that ends with one makes its directory's URL stale, too. */
  readonly index?: string | readonly string[];
  /** Endings that URLs go without, `true` for `.html`: `/about.html` makes `/about` stale, too. */
  readonly cleanUrls?: boolean | string | readonly string[];
  /**
   * How the site writes the URLs of pages: `always` (`/blog/`), `never` (`/blog`) or `both`.
   * @default - a directory with a slash, a clean URL without
   */
  readonly trailingSlash?: 'always' | 'never' | 'both';
  /**
   * How many directories above a page are stale with it, 0 to 20. A page is an index document, or a file that ends in
   * `.html`, in a clean URL's ending or in no ending. URLs that are the same for every change have none.
   * @default 0
   */
  readonly parents?: number;
}

/** The URLs that show a file: its own, the file's first, and those of the directories above; without duplicates. */
export interface FoundPages {
  readonly own: readonly string[];
  readonly above: readonly string[];
}

/** From a file's URL to all URLs that show it. */
export type PageFinder = (url: string) => FoundPages;

type Form = 'always' | 'never' | 'both';

/**
 * @param encodeName how a file name is encoded in a URL
 * @returns undefined where a file has no other URL
 */
export function compilePages(pages: Pages, encodeName: (name: string) => string): PageFinder | undefined {
  const { index = [], cleanUrls = false, trailingSlash, parents = 0 } = pages;
  const indexes = new Set([index].flat().map(encodeName));
  const endings = cleanUrls === true ? ['.html'] : cleanUrls === false ? [] : [cleanUrls].flat();
  const encodedEndings = endings.map(encodeName);
  if (indexes.size + endings.length + parents === 0 && trailingSlash === undefined) return undefined;
  return (url) => {
    const { base, directory, name, query } = split(url);
    const ending = encodedEndings.find((each) => name.length > each.length && name.endsWith(each));
    const isIndex = indexes.has(name);
    let page = base;
    let forms: readonly string[] = [];
    if (isIndex) {
      page = directory;
      forms = formsOf(directory, trailingSlash ?? 'always');
    } else if (ending !== undefined) {
      page = base.slice(0, -ending.length);
      forms = formsOf(page, trailingSlash ?? 'never');
    } else if (trailingSlash !== undefined && !name.includes('.')) {
      forms = formsOf(base, trailingSlash);
    }
    const isPage = isIndex || ending !== undefined || /^[^.]*$|\.html?$/.test(name);
    const above = isPage && parents > 0 ? parentsOf(page, parents, trailingSlash ?? 'always') : [];
    return { own: [...new Set([url, ...forms.map((form) => form + query)])], above };
  };
}

function split(url: string) {
  const mark = url.indexOf('?');
  const base = mark === -1 ? url : url.slice(0, mark);
  const slash = base.lastIndexOf('/');
  return {
    base,
    directory: base.slice(0, slash + 1),
    name: base.slice(slash + 1),
    query: mark === -1 ? '' : url.slice(mark),
  };
}

/** A page's URL with a slash at its end, without, or both; the root always has one. */
function formsOf(page: string, form: Form): readonly string[] {
  const bare = page.endsWith('/') ? page.slice(0, -1) : page;
  if (isOrigin(bare)) return [`${bare}/`];
  if (form === 'both') return [`${bare}/`, bare];
  return form === 'always' ? [`${bare}/`] : [bare];
}

function isOrigin(url: string): boolean {
  return url.indexOf('/', url.indexOf('://') + 3) === -1;
}

function parentsOf(page: string, depth: number, form: Form): readonly string[] {
  const found: string[] = [];
  let at = page.endsWith('/') ? page.slice(0, -1) : page;
  for (let level = 0; level < depth && !isOrigin(at); level++) {
    at = at.slice(0, at.lastIndexOf('/'));
    // What is above ends in a slash, even after another one: `a//` and `a/` are two directories.
    found.push(...formsOf(`${at}/`, form));
  }
  return found;
}
