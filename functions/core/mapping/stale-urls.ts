import { compileIsOwn, type IsOwn, type Scopes } from './own-urls.ts';
import { compileRegexTemplate } from './patterns/regex-template.ts';
import type { Template, Variables } from './patterns/template.ts';
import { compileUrlTemplate } from './patterns/url-template.ts';
import { listOf, type Rule } from './rule.ts';
import { type Encoding, pathEncoders } from './urls/encodings.ts';
import { compileFileUrl, type UrlPurge } from './urls/file-url.ts';
import { hostProblem, withHosts } from './urls/hosts.ts';
import { compilePages } from './urls/pages.ts';
import { fileUrlProblem, valuesProblem } from './urls/url.ts';
import { dirEntry, gapEntry, noUrl, regexEntry, type UrlEntry, urlProblem } from './urls/url-entry.ts';

/** One template of a rule, compiled. */
export interface StaleUrl {
  /** As the rule writes it: problems are reported by it. */
  readonly written: string;
  /** @returns what purges the URLs that the values make, and why others cannot be purged */
  expand(variables: Variables, scopes: Scopes): readonly UrlEntry[];
}

/**
 * Compiles the templates of a rule, once for each encoding.
 * @param allowedHosts see {@link import('./rule.ts').MappingConfig}
 * @throws PatternError for a template that cannot be read
 */
export function compileStaleUrls(rule: Rule, allowedHosts?: readonly string[]): readonly StaleUrl[] {
  const { encodings } = rule.purge;
  const urls = (encoding: Encoding) => urlsIn(encoding, rule, allowedHosts);
  if (encodings !== undefined) return encodings.flatMap(urls);
  if (rule.match.source !== 's3') return urls('browser');
  return [
    ...urls('browser'),
    ...urls('s3').map((url) => onlyForKeysWith('+', url)),
    ...urls('plus').map((url) => onlyForKeysWith(' ', url)),
  ];
}

/** The URLs and regexes of a rule, with values encoded in one way. */
function urlsIn(
  encoding: Encoding,
  { purge, match, pages = {} }: Rule,
  allowedHosts: readonly string[] | undefined,
): readonly StaleUrl[] {
  const options = { encoding, joinSlashes: match.source !== 's3' };
  const hosts = listOf(purge.hosts);
  const encodeName = (name: string) => pathEncoders[encoding](name, false);
  const purgeFile = compileFileUrl(purge, compilePages(pages, encodeName));
  // What every change makes stale, such as a feed, is not a page of this change with directories above it.
  const purgeFixedFile = compileFileUrl(purge, compilePages({ ...pages, parents: 0 }, encodeName));
  const files = withHosts(purge.fileUrls, hosts).map(({ written, whole }) => {
    const template = compileUrlTemplate(whole, options);
    return {
      written,
      template,
      purge: checkedFile(template, isFixed(template) ? purgeFixedFile : purgeFile),
    };
  });
  const dirs = withHosts(purge.dirUrls, hosts).map(({ written, whole }) => {
    return { written, template: compileUrlTemplate(whole, options), purge: purgeDir };
  });
  const regexes = withHosts(purge.regexPatterns, hosts).map(({ written, whole }) => {
    return { written, template: compileRegexTemplate(whole, options), purge: purgeRegex };
  });
  return [...files, ...dirs, ...regexes].map((each) =>
    staleUrl({ ...each, isOwn: compileIsOwn(match, each.template) }, allowedHosts),
  );
}

function isFixed({ variables }: Template): boolean {
  return variables.length === 0;
}

/** Other keys have the same URL in the browser's encoding. */
function onlyForKeysWith(character: string, { written, expand }: StaleUrl): StaleUrl {
  return {
    written,
    expand: (variables, scopes) => (variables.key?.includes(character) ? expand(variables, scopes) : []),
  };
}

function checkedFile(template: Template, purge: UrlPurge): UrlPurge {
  const isSound = !template.isHostOpen && fileUrlProblem(template.sample) === undefined;
  const problemOf = isSound ? valuesProblem : fileUrlProblem;
  return (url, variables, scopes) => {
    const reason = problemOf(url);
    return reason === undefined ? purge(url, variables, scopes) : [urlProblem(reason)];
  };
}

/** A wildcard matches more than what the change is about. */
const purgeDir: UrlPurge = (url, _, { own, others }) => [dirEntry(url, url.includes('*') ? others : own)];
const purgeRegex: UrlPurge = (pattern, _, { others }) => [regexEntry(pattern, others)];

interface PurgedTemplate {
  readonly written: string;
  readonly template: Template;
  /** What purges one URL that the template makes. */
  readonly purge: UrlPurge;
  readonly isOwn: IsOwn;
}

function staleUrl(
  { written, template, purge, isOwn }: PurgedTemplate,
  allowedHosts: readonly string[] | undefined,
): StaleUrl {
  const purgeUrl = allowedHosts && template.isHostOpen ? onAllowedHosts(purge, allowedHosts) : purge;
  return {
    written,
    expand(variables, { own, others }) {
      const expansion = template.expand(variables);
      if (expansion.kind !== 'expanded') return [gapEntry(expansion)];
      const { results, gap } = expansion;
      const scopes = { own: own === others || isOwn(variables) ? own : others, others };
      // Nearly always there is one, and this runs for nearly every change.
      if (results.length === 1 && gap === undefined) return purgeUrl(results[0] ?? '', variables, scopes);
      const purged = results.flatMap((url) => purgeUrl(url, variables, scopes));
      return gap === undefined ? purged : [...purged, gapEntry(gap)];
    },
  };
}

function onAllowedHosts(purge: UrlPurge, allowedHosts: readonly string[]): UrlPurge {
  return (url, variables, scopes) => {
    const reason = hostProblem(url, allowedHosts);
    return reason === undefined ? purge(url, variables, scopes) : [noUrl(reason)];
  };
}
