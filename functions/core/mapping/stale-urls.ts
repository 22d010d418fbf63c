import type { Scope } from '../model/types.ts';
import {
  compileRegexTemplate,
  compileUrlTemplate,
  type Encoding,
  pathEncoders,
  type Template,
  type Variables,
} from './patterns/template.ts';
import { listOf, type Rule } from './rule.ts';
import { compileFileUrl, describeMissing, type UrlPurge } from './urls/file-url.ts';
import { withHosts } from './urls/hosts.ts';
import { compilePages } from './urls/pages.ts';
import { coverLiteralStars, fileUrlProblem, valuesProblem } from './urls/url.ts';
import { dirEntry, regexEntry, type UrlEntry, urlProblem } from './urls/url-entry.ts';

/** One template of a rule, compiled. */
export interface StaleUrl {
  /** As the rule writes it: problems are reported by it. */
  readonly written: string;
  /** @returns what purges the URLs that the values make, and why others cannot be purged */
  expand(variables: Variables, scope: Scope): readonly UrlEntry[];
}

/**
 * Compiles the templates of a rule: files and directories once for each encoding, then regexes.
 * @throws PatternError for a template that cannot be read
 */
export function compileStaleUrls(rule: Rule): readonly StaleUrl[] {
  const { encodings, regexPatterns, hosts } = rule.purge;
  const isObject = rule.match.source === 's3';
  const urls =
    encodings === undefined && isObject
      ? [...urlsIn('browser', rule), ...urlsIn('s3', rule).map(onlyForKeysWithPlus)]
      : (encodings ?? ['browser']).flatMap((encoding) => urlsIn(encoding, rule));
  const regexes = withHosts(regexPatterns, listOf(hosts)).map(({ written, whole }) =>
    regexPattern(written, compileRegexTemplate(whole)),
  );
  return [...urls, ...regexes];
}

/** The file and directory URLs of a rule, with values encoded in one way. */
function urlsIn(encoding: Encoding, { purge, match, pages = {} }: Rule): readonly StaleUrl[] {
  const options = { encoding, joinSlashes: match.source !== 's3' };
  const hosts = listOf(purge.hosts);
  const encodeName = (name: string) => pathEncoders[encoding](name, false);
  const purgeFile = compileFileUrl(purge, compilePages(pages, encodeName));
  // What every change makes stale, such as a feed, is not a page of this change with directories above it.
  const purgeFixedFile = compileFileUrl(purge, compilePages({ ...pages, parents: 0 }, encodeName));
  const files = withHosts(purge.fileUrls, hosts).map(({ written, whole }) => {
    const template = compileUrlTemplate(whole, options);
    return fileUrl(written, template, template.variables.length > 0 ? purgeFile : purgeFixedFile);
  });
  const dirs = withHosts(purge.dirUrls, hosts).map(({ written, whole }) =>
    dirUrl(written, compileUrlTemplate(whole, options)),
  );
  return [...files, ...dirs];
}

/** Without a plus in the key, the browser's encoding and that of S3 give the same URL. */
function onlyForKeysWithPlus({ written, expand }: StaleUrl): StaleUrl {
  return {
    written,
    expand: (variables, scope) => (variables.key?.includes('+') ? expand(variables, scope) : []),
  };
}

function fileUrl(written: string, template: Template, purge: UrlPurge): StaleUrl {
  const isSound = !template.isOpen && fileUrlProblem(template.sample) === undefined;
  // A "*" of a value is not a problem here: such a URL is purged as a directory URL.
  const problemOf = isSound ? valuesProblem : (url: string) => fileUrlProblem(url.replaceAll('*', '_'));
  return staleUrl(written, template, (url, variables, scope) => {
    const reason = problemOf(url);
    return reason === undefined ? purge(url, variables, scope) : [urlProblem(reason)];
  });
}

function dirUrl(written: string, template: Template): StaleUrl {
  const wildcards = countStars(template.sample);
  const endsInValue = /\{[^{}]*\}[^*]*$/.test(written);
  return staleUrl(written, template, (url, _, scope) => {
    const entry = dirEntry(url, scope);
    const hasLiteralStars = countStars(url) !== wildcards;
    if (entry.kind === 'problem' || !hasLiteralStars) return [entry];
    if (wildcards === 0) return [dirEntry(coverLiteralStars(url), scope)];
    // CDN Pro takes only the last "*" as a wildcard: that has to be the template's own.
    if (!endsInValue) return [entry];
    return [urlProblem('a value after the wildcard holds "*", which CDN Pro would take for the wildcard')];
  });
}

function countStars(url: string): number {
  return url.split('*').length - 1;
}

function regexPattern(written: string, template: Template): StaleUrl {
  return staleUrl(written, template, (pattern, _, scope) => [regexEntry(pattern, scope)]);
}

/** @param purge what purges one URL that the template makes */
function staleUrl(written: string, template: Template, purge: UrlPurge): StaleUrl {
  return {
    written,
    expand(variables, scope) {
      const expansion = template.expand(variables);
      if (expansion.kind === 'incomplete') return [urlProblem(describeMissing(expansion.missing))];
      const { results } = expansion;
      // Nearly always there is one, and this runs for nearly every change.
      if (results.length === 1) return purge(results[0] ?? '', variables, scope);
      return results.flatMap((url) => purge(url, variables, scope));
    },
  };
}
