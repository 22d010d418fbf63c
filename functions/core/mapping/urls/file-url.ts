import type { FileScope, Header } from '../../model/types.ts';
import type { Scopes } from '../own-urls.ts';
import type { Template, Variables } from '../patterns/template.ts';
import { compileUrlTemplate } from '../patterns/url-template.ts';
import type { Purge } from '../rule.ts';
import { compileHeaders } from './header-sets.ts';
import type { PageFinder } from './pages.ts';
import { valuesProblem } from './url.ts';
import {
  fileEntry,
  gapEntry,
  literalEntry,
  type OmittedUrl,
  type UrlEntry,
  type UrlProblem,
  urlProblem,
  variantsEntry,
  versionEntry,
} from './url-entry.ts';

/** From one URL to what purges it. */
export type UrlPurge = (url: string, variables: Variables, scopes: Scopes) => readonly UrlEntry[];

/**
 * Compiles what a rule says of its files: a URL becomes those of its pages, each with every query string, each in
 * every version. What is above a page is not the changed file's own.
 * @throws PatternError for a query or header value that is not a template
 */
export function compileFileUrl(purge: Purge, findPages: PageFinder | undefined): UrlPurge {
  const purgeVersions = compileVersions(purge);
  if (findPages === undefined && purge.queries === undefined) {
    return (url, variables, { own }) => purgeVersions(url, variables, own);
  }
  const queries = (purge.queries ?? []).map(compileQuery);
  const purgePages = (pages: readonly string[], variables: Variables, scope: FileScope) =>
    pages
      .flatMap((page) => [page, ...withQueries(page, queries, variables)])
      .flatMap((each): readonly UrlEntry[] => {
        if (typeof each !== 'string') return [each];
        const reason = valuesProblem(each);
        return reason === undefined ? purgeVersions(each, variables, scope) : [urlProblem(reason)];
      });
  return (url, variables, { own, others }) => {
    const pages = findPages?.(url) ?? { own: [url], above: [] };
    return [...purgePages(pages.own, variables, own), ...purgePages(pages.above, variables, others)];
  };
}

/** A query string as the template of a URL, so that its values are encoded as in one. */
function compileQuery(query: string): Template {
  return compileUrlTemplate(`https://host.example/${query.startsWith('?') ? query : `?${query}`}`);
}

function withQueries(
  page: string,
  queries: readonly Template[],
  variables: Variables,
): readonly (string | UrlProblem | OmittedUrl)[] {
  return queries.flatMap((template): readonly (string | UrlProblem | OmittedUrl)[] => {
    const expansion = template.expand(variables);
    if (expansion.kind !== 'expanded') return [gapEntry(expansion, ' for its queries')];
    return expansion.results.map((result) => {
      const query = result.slice(result.indexOf('?') + 1);
      return page.includes('?') ? `${page}&${query}` : `${page}?${query}`;
    });
  });
}

/** The versions of one URL: all of them, those that headers tell apart, or the one without headers. */
function compileVersions({ variants = false, fileHeaders }: Purge) {
  const headersOf = fileHeaders === undefined ? undefined : compileHeaders(fileHeaders);
  return (url: string, variables: Variables, scope: FileScope): readonly UrlEntry[] => {
    const literal = literalEntry(url, scope);
    if (literal !== undefined) return [literal];
    if (variants) return [variantsEntry(url, scope)];
    if (headersOf === undefined) return [fileEntry(url, scope)];
    return headersOf(variables).map((set) => (isHeaders(set) ? versionEntry(url, set, scope) : set));
  };
}

function isHeaders(set: readonly Header[] | UrlProblem | OmittedUrl): set is readonly Header[] {
  return Array.isArray(set);
}
