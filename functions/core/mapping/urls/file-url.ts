import type { Scope } from '../../model/types.ts';
import { compileUrlTemplate, describeGap, type Template, type Variables } from '../patterns/template.ts';
import type { Purge } from '../rule.ts';
import { compileHeaders } from './header-sets.ts';
import type { PageFinder } from './pages.ts';
import { valuesProblem } from './url.ts';
import {
  fileEntry,
  literalEntry,
  type UrlEntry,
  type UrlProblem,
  urlProblem,
  versionEntry,
} from './url-entry.ts';

/** From one URL to what purges it. */
export type UrlPurge = (url: string, variables: Variables, scope: Scope) => readonly UrlEntry[];

/**
 * Compiles what a rule says of its files: a URL becomes those of its pages, each with every query string, each in
 * every version.
 * @throws PatternError for a query or header value that is not a template
 */
export function compileFileUrl(purge: Purge, findPages: PageFinder | undefined): UrlPurge {
  const purgeVersions = compileVersions(purge);
  if (findPages === undefined && purge.queries === undefined) return purgeVersions;
  const queries = (purge.queries ?? []).map(compileQuery);
  return (url, variables, scope) => {
    const pages = findPages?.(url) ?? [url];
    const urls = pages.flatMap((page) => [page, ...withQueries(page, queries, variables)]);
    return urls.flatMap((each) => {
      if (typeof each !== 'string') return [each];
      const reason = valuesProblem(each);
      return reason === undefined ? purgeVersions(each, variables, scope) : [urlProblem(reason)];
    });
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
): readonly (string | UrlProblem)[] {
  return queries.flatMap((template): readonly (string | UrlProblem)[] => {
    const expansion = template.expand(variables);
    if (expansion.kind !== 'expanded') return [urlProblem(`${describeGap(expansion)} for its queries`)];
    return expansion.results.map((result) => {
      const query = result.slice(result.indexOf('?') + 1);
      return page.includes('?') ? `${page}&${query}` : `${page}?${query}`;
    });
  });
}

/** The versions of one URL: all of them, those that headers tell apart, or the one without headers. */
function compileVersions({ variants = false, fileHeaders }: Purge): UrlPurge {
  const headersOf = fileHeaders === undefined ? undefined : compileHeaders(fileHeaders);
  return (url, variables, scope) => {
    const literal = literalEntry(url, scope);
    if (literal !== undefined) return [literal];
    if (variants) return [{ kind: 'dir', url, ...scope }];
    if (headersOf === undefined) return [fileEntry(url, scope)];
    const { sets, problems } = headersOf(variables);
    return [...problems.map(urlProblem), ...sets.map((headers) => versionEntry(url, headers, scope))];
  };
}
