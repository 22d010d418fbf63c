import type { Scope } from '../model/types.ts';
import {
  compileRegexTemplate,
  compileUrlTemplate,
  describeGap,
  type Encoding,
  pathEncoders,
  type Template,
  type Variables,
} from './patterns/template.ts';
import { listOf, type Rule } from './rule.ts';
import { compileFileUrl, type UrlPurge } from './urls/file-url.ts';
import { withHosts } from './urls/hosts.ts';
import { compilePages } from './urls/pages.ts';
import { fileUrlProblem, valuesProblem } from './urls/url.ts';
import { dirEntry, regexEntry, type UrlEntry, urlProblem } from './urls/url-entry.ts';

/** One template of a rule, compiled. */
export interface StaleUrl {
  /** As the rule writes it: problems are reported by it. */
  readonly written: string;
  /** @returns what purges the URLs that the values make, and why others cannot be purged */
  expand(variables: Variables, scope: Scope): readonly UrlEntry[];
}

/**
 * Compiles the templates of a rule, once for each encoding.
 * @throws PatternError for a template that cannot be read
 */
export function compileStaleUrls(rule: Rule): readonly StaleUrl[] {
  const { encodings } = rule.purge;
  if (encodings === undefined && rule.match.source === 's3') {
    return [...urlsIn('browser', rule), ...urlsIn('s3', rule).map(onlyForKeysWithPlus)];
  }
  return (encodings ?? ['browser']).flatMap((encoding) => urlsIn(encoding, rule));
}

/** The URLs and regexes of a rule, with values encoded in one way. */
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
  const regexes = withHosts(purge.regexPatterns, hosts).map(({ written, whole }) =>
    regexPattern(written, compileRegexTemplate(whole, options)),
  );
  return [...files, ...dirs, ...regexes];
}

/** Without a plus in the key, the browser's encoding and that of S3 give the same URL. */
function onlyForKeysWithPlus({ written, expand }: StaleUrl): StaleUrl {
  return {
    written,
    expand: (variables, scope) => (variables.key?.includes('+') ? expand(variables, scope) : []),
  };
}

function fileUrl(written: string, template: Template, purge: UrlPurge): StaleUrl {
  const isSound = !template.isHostOpen && fileUrlProblem(template.sample) === undefined;
  const problemOf = isSound ? valuesProblem : fileUrlProblem;
  return staleUrl(written, template, (url, variables, scope) => {
    const reason = problemOf(url);
    return reason === undefined ? purge(url, variables, scope) : [urlProblem(reason)];
  });
}

function dirUrl(written: string, template: Template): StaleUrl {
  return staleUrl(written, template, (url, _, scope) => [dirEntry(url, scope)]);
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
      if (expansion.kind !== 'expanded') return [urlProblem(describeGap(expansion))];
      const { results } = expansion;
      // Nearly always there is one, and this runs for nearly every change.
      if (results.length === 1) return purge(results[0] ?? '', variables, scope);
      return results.flatMap((url) => purge(url, variables, scope));
    },
  };
}
