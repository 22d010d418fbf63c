import { listOf, type Rule } from './rule.ts';
import { pathEncoders } from './urls/encodings.ts';
import { compilePages } from './urls/pages.ts';
import { encodeLiteral, normalizeOrigin } from './urls/url.ts';

/** What covers every URL that a template can make. */
export interface PrefixCover {
  /** Directory URLs with a wildcard. */
  readonly dirUrls: readonly string[];
  /** Pages that lie outside of them, such as the directories above. */
  readonly fileUrls: readonly string[];
}

/** @returns whether a template has no variable */
export function isFixed(template: string): boolean {
  return !/\{\+?[A-Za-z_]/.test(template);
}

/** @returns what covers a directory template with variables: a wildcard below its literal beginning */
export function coverDirUrl(template: string): PrefixCover {
  const [path] = splitQuery(template);
  return { dirUrls: [`${isFixed(path) ? `${literalOf(path)}?` : prefixOf(path)}**`], fileUrls: [] };
}

/** @returns what covers a file template with variables, with all pages that show its files */
export function coverFileUrl(template: string, rule: Rule): PrefixCover {
  const [path, query] = splitQuery(template);
  const prefix = isFixed(path) ? undefined : prefixOf(path);
  const end = query === '' || isFixed(query) ? encodeLiteral(query) : anyQuery;
  const all =
    prefix === undefined ? pagesOf(literalOf(path), [''], end, rule) : pagesBelow(prefix, end, rule);
  const pages = all.filter((page) => prefix === undefined || !page.startsWith(prefix));
  const open = pages.filter((page) => page.endsWith(anyQuery));
  const others = pages.filter((page) => !page.endsWith(anyQuery));
  return {
    dirUrls: [...(prefix === undefined ? [] : [`${prefix}**`]), ...open],
    // Where queries are not a part of the cache key, the page itself is what they purge.
    fileUrls: [...open.map((page) => page.slice(0, -anyQuery.length)), ...others],
  };
}

/** Any query string, as the end of a directory URL. */
export const anyQuery = '?**';

/** The pages of an index document in a directory, of a file with an ending that URLs go without, and of another one. */
function pagesBelow(directory: string, query: string, rule: Rule): readonly string[] {
  const { index, cleanUrls = false } = rule.pages ?? {};
  const endings = cleanUrls === true ? ['.html'] : cleanUrls === false ? [] : listOf(cleanUrls);
  const names = ['x', ...listOf(index), ...endings.map((ending) => `x${ending}`)];
  return pagesOf(directory, names, query, rule);
}

/**
 * @param names of files, not encoded, that complete the URL
 * @param query what the URLs end with
 */
function pagesOf(
  url: string,
  names: readonly string[],
  query: string,
  { pages = {}, purge }: Rule,
): readonly string[] {
  return (purge.encodings ?? ['browser']).flatMap((encoding) => {
    const encodeName = (name: string) => pathEncoders[encoding](name, false);
    const findPages = compilePages(pages, encodeName) ?? ((page) => ({ own: [page], above: [] }));
    return names.flatMap((name) => {
      const { own, above } = findPages(url + encodeName(name) + query);
      return [...own, ...above];
    });
  });
}

function splitQuery(template: string): readonly [path: string, query: string] {
  const mark = template.indexOf('?');
  return mark === -1 ? [template, ''] : [template.slice(0, mark), template.slice(mark)];
}

function literalOf(path: string): string {
  return normalizeOrigin(encodeLiteral(path));
}

/** What every URL of a path with variables begins with: up to the last slash before the first value. */
function prefixOf(path: string): string {
  const literal = encodeLiteral(path.slice(0, path.search(/\{/)));
  // Right after the host, `{+name}` is the path.
  const isHost = /^[A-Za-z]+:\/\/[^/]+$/.test(literal) && path.startsWith('{+', path.search(/\{/));
  return normalizeOrigin(isHost ? literal : literal.slice(0, literal.lastIndexOf('/') + 1));
}
