import type { PurgeEntry, Scope } from '../model/types.ts';
import { compileHeaders, type HeaderExpander } from './header-sets.ts';
import { compilePages, type PageFinder } from './pages.ts';
import { regexPatternProblem } from './regex-pattern.ts';
import { listOf, type Purge, type Rule } from './rule.ts';
import type { Variables } from './template.ts';
import {
  compileRegexTemplate,
  compileUrlTemplate,
  type Encoding,
  pathEncoders,
  type Template,
} from './template.ts';
import { coverLiteralStars, dirUrlProblem, fileUrlProblem, valuesProblem } from './url.ts';

/** Takes what a rule makes of a change. */
export interface EntryCollector {
  readonly add: (entry: PurgeEntry) => void;
  /** A URL that cannot be purged, by its template. */
  readonly reportProblem: (template: string, reason: string) => void;
}

/** From the values of variables to what is stale. */
export type StaleUrls = (variables: Variables, scope: Scope, sink: EntryCollector) => void;

/** A template of a purge, whole: with its host, if that stands apart. */
export interface WholeTemplate {
  /** As the rule writes it. */
  readonly written: string;
  /** Its place in the rule's list. */
  readonly index: number;
  readonly whole: string;
}

/** @returns the templates of one list, each with every host where it begins with a slash */
export function withHosts(
  templates: readonly string[] | undefined,
  hosts: readonly string[],
): readonly WholeTemplate[] {
  return (templates ?? []).flatMap((written, index) =>
    written.startsWith('/')
      ? hosts.map((host) => ({ written, index, whole: `${originOf(host)}${written}` }))
      : [{ written, index, whole: written }],
  );
}

/** A host of a rule as the beginning of a URL: https, unless it says otherwise. */
export function originOf(host: string): string {
  const origin = /^[A-Za-z]+:\/\//.test(host) ? host : `https://${host}`;
  return origin.endsWith('/') ? origin.slice(0, -1) : origin;
}

/** @throws PatternError for a template that cannot be read */
export function compileStaleUrls(rule: Rule): StaleUrls {
  const { purge, pages = {} } = rule;
  const hosts = listOf(purge.hosts);
  const joinSlashes = rule.match.source !== 's3';
  const inEncoding = (encoding: Encoding): readonly StaleUrls[] => {
    const options = { encoding, joinSlashes };
    const finish = fileFinisher(purge, compilePages(pages, nameEncoder(encoding)));
    // What every change makes stale, such as a feed, is no page of this change with directories above it.
    const finishFixed = fileFinisher(purge, compilePages({ ...pages, parents: 0 }, nameEncoder(encoding)));
    const files = withHosts(purge.fileUrls, hosts).map(({ whole, written }) => {
      const template = compileUrlTemplate(whole, options);
      return fileUrls(written, template, template.variables.length > 0 ? finish : finishFixed);
    });
    const dirs = withHosts(purge.dirUrls, hosts).map(({ whole, written }) =>
      dirUrls(written, compileUrlTemplate(whole, options)),
    );
    return [...files, ...dirs];
  };
  const { encodings = joinSlashes ? (['browser'] as const) : undefined } = purge;
  const parts = [
    ...(encodings?.flatMap(inEncoding) ?? [
      ...inEncoding('browser'),
      ...inEncoding('s3').map(onlyForKeysWithPlus),
    ]),
    ...withHosts(purge.regexPatterns, hosts).map(({ whole, written }) =>
      regexPatterns(written, compileRegexTemplate(whole)),
    ),
  ];
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  return (variables, scope, sink) => {
    for (const part of parts) part(variables, scope, sink);
  };
}

/** Without a plus in the key, the browser's spelling and that of S3 are the same. */
function onlyForKeysWithPlus(part: StaleUrls): StaleUrls {
  return (variables, scope, sink) => {
    if (variables.key?.includes('+')) part(variables, scope, sink);
  };
}

function nameEncoder(encoding: Encoding): (name: string) => string {
  return (name) => pathEncoders[encoding](name, false);
}

/** Expands a template, checks each text and hands it on. */
function expander(
  written: string,
  template: Template,
  faultOf: (text: string) => string | undefined,
  accept: (text: string, variables: Variables, scope: Scope, sink: EntryCollector) => void,
): StaleUrls {
  return (variables, scope, sink) => {
    const expansion = template.expand(variables);
    if (expansion.kind === 'incomplete') {
      const names = expansion.missing.map((name) => `{${name}}`).join(', ');
      sink.reportProblem(written, `the change has no ${names}`);
      return;
    }
    for (const text of expansion.texts) {
      const fault = faultOf(text);
      if (fault === undefined) accept(text, variables, scope, sink);
      else sink.reportProblem(written, fault);
    }
  };
}

/** What becomes of one sound file URL. `written` is the template that it came from. */
type FileUrlStep = (
  url: string,
  variables: Variables,
  scope: Scope,
  sink: EntryCollector,
  written: string,
) => void;

function fileUrls(written: string, template: Template, finish: FileUrlStep): StaleUrls {
  const isSound = !template.isOpen && fileUrlProblem(template.sample) === undefined;
  // A "*" of a value is for `finish` to deal with.
  const faultOf = isSound ? valuesProblem : (url: string) => fileUrlProblem(url.replaceAll('*', '_'));
  return expander(written, template, faultOf, (url, variables, scope, sink) =>
    finish(url, variables, scope, sink, written),
  );
}

/** What one file URL becomes: its pages, each with every query string, each in every version. */
function fileFinisher(purge: Purge, findPages: PageFinder | undefined): FileUrlStep {
  const { queries, fileHeaders, variants = false } = purge;
  const queryTemplates = queries?.map((query) =>
    compileUrlTemplate(`https://host.example/${asQuery(query)}`),
  );
  const headersOf = fileHeaders === undefined ? undefined : compileHeaders(fileHeaders);
  const addVersions = versionAdder(variants, headersOf);
  if (findPages === undefined && queryTemplates === undefined) return addVersions;
  return (url, variables, scope, sink, written) => {
    const refuse = (reason: string) => sink.reportProblem(written, reason);
    for (const page of findPages?.(url) ?? [url]) {
      for (const each of [page, ...withQueries(page, queryTemplates ?? [], variables, refuse)]) {
        const fault = valuesProblem(each);
        if (fault === undefined) addVersions(each, variables, scope, sink, written);
        else refuse(fault);
      }
    }
  };
}

function asQuery(query: string): string {
  return query.startsWith('?') ? query : `?${query}`;
}

function withQueries(
  page: string,
  templates: readonly Template[],
  variables: Variables,
  refuse: (reason: string) => void,
): readonly string[] {
  return templates.flatMap((template) => {
    const expansion = template.expand(variables);
    if (expansion.kind === 'incomplete') {
      refuse(`the change has no ${expansion.missing.map((name) => `{${name}}`).join(', ')} for its queries`);
      return [];
    }
    return expansion.texts.map((text) => {
      const query = text.slice(text.indexOf('?') + 1);
      return page.includes('?') ? `${page}&${query}` : `${page}?${query}`;
    });
  });
}

function versionAdder(variants: boolean, headersOf: HeaderExpander | undefined): FileUrlStep {
  return (url, variables, scope, sink, written) => {
    if (url.includes('*')) return addDir(coverLiteralStars(url), scope, sink, written);
    if (variants) return sink.add({ kind: 'dir', url, ...scope });
    if (headersOf === undefined) return sink.add(fileEntry(url, scope));
    const { sets, problems } = headersOf(variables);
    for (const problem of problems) sink.reportProblem(written, problem);
    for (const headers of sets) {
      sink.add(headers.length === 0 ? fileEntry(url, scope) : { kind: 'file', url, headers, ...scope });
    }
  };
}

/** Spelt out, since this is made for nearly every change. */
function fileEntry(url: string, { target, action, webhook }: Scope): PurgeEntry {
  if (webhook !== undefined) return { kind: 'file', url, target, action, webhook };
  return { kind: 'file', url, target, action };
}

function addDir(url: string, scope: Scope, sink: EntryCollector, written: string): void {
  const fault = dirUrlProblem(url);
  if (fault === undefined) sink.add({ kind: 'dir', url, ...scope });
  else sink.reportProblem(written, fault);
}

function dirUrls(written: string, template: Template): StaleUrls {
  const wildcards = countStars(template.sample);
  const endsInValue = /\{[^{}]*\}[^*]*$/.test(written);
  return expander(written, template, dirUrlProblem, (url, _, scope, sink) => {
    const stars = countStars(url);
    if (stars === wildcards || (wildcards > 0 && !endsInValue)) sink.add({ kind: 'dir', url, ...scope });
    else if (wildcards === 0) addDir(coverLiteralStars(url), scope, sink, written);
    else
      sink.reportProblem(
        written,
        'a value after the wildcard holds "*", which CDN Pro would take for the wildcard',
      );
  });
}

function countStars(text: string): number {
  return text.split('*').length - 1;
}

function regexPatterns(written: string, template: Template): StaleUrls {
  return expander(written, template, regexPatternProblem, (pattern, _, scope, sink) =>
    sink.add({ kind: 'regex', pattern, ...scope }),
  );
}
