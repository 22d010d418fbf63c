import { regexTemplateParts } from '../../../../functions/core/mapping/patterns/regex-template.ts';
import type { Part } from '../../../../functions/core/mapping/patterns/template.ts';
import { urlTemplateParts } from '../../../../functions/core/mapping/patterns/url-template.ts';
import type { Rule } from '../../../../functions/core/mapping/rule.ts';
import { encodings } from '../../../../functions/core/mapping/urls/encodings.ts';
import { escapeRegex } from '../../../../functions/core/mapping/urls/regex-pattern.ts';
import { filesOfPage } from './files-of-page.ts';
import {
  anything,
  type NamedValues,
  type Piece,
  readValue,
  type Solution,
  solve,
  withValue,
} from './solve.ts';

/** The lists of a rule's templates. */
export const templateLists = ['fileUrls', 'dirUrls', 'regexPatterns'] as const;

/** One of a rule's templates, with its host. */
export interface WholeTemplate {
  readonly list: (typeof templateLists)[number];
  readonly whole: string;
}

/** Values with which a template may purge a URL. */
export interface SolvedTemplate {
  readonly values: Solution;
  /** Whether it is purged as a directory above the page that the values make. */
  readonly isAbove: boolean;
}

/** @returns the values with which a template may purge a URL; which of them do is for the rule itself to say */
export function solveTemplate(
  { list, whole }: WholeTemplate,
  rule: Rule,
  url: string,
  named: NamedValues,
): readonly SolvedTemplate[] {
  const isOfObjects = rule.match.source === 's3';
  const used = rule.purge.encodings ?? (isOfObjects ? (['browser', 's3', 'plus'] as const) : [encodings[0]]);
  const own = (values: Solution) => ({ values, isAbove: false });
  return used.flatMap((encoding) => {
    const options = { encoding, joinSlashes: !isOfObjects };
    if (list === 'regexPatterns') return solveRegex(regexTemplateParts(whole, options), url, named).map(own);
    const pieces = urlTemplateParts(whole, options);
    if (list === 'dirUrls') return solve(withWildcard(pieces), { text: url, isOpen: false }, named).map(own);
    return withoutQueries(url, rule, named).flatMap(({ page, known }) =>
      filesOfPage(page, rule.pages, encoding).flatMap((target) =>
        solve(pieces, target, named, known).map((values) => ({ values, isAbove: target.isOpen })),
      ),
    );
  });
}

/** Of a directory URL, the last `*` or `**` is a wildcard. */
function withWildcard(parts: readonly Part[]): readonly Piece[] {
  const index = parts.findLastIndex((part) => typeof part === 'string' && part.includes('*'));
  const text = parts[index];
  if (typeof text !== 'string') return parts;
  const [, before = '', after = ''] = /^([\s\S]*?)\*{1,2}([^*]*)$/.exec(text) ?? [];
  return [...parts.slice(0, index), before, anything, after, ...parts.slice(index + 1)];
}

interface QueriedPage {
  readonly page: string;
  /** What the query string says of the variables. */
  readonly known: Solution;
}

/** A URL as it is, and without each of the rule's query strings. */
function withoutQueries(
  url: string,
  { purge: { queries = [] } }: Rule,
  named: NamedValues,
): readonly QueriedPage[] {
  const marks = [...url.matchAll(/[?&]/g)].map(({ index }) => index).filter((at) => at >= url.indexOf('?'));
  const beginning = 'https://host.example/?';
  const found = queries.flatMap((query) => {
    const pieces = urlTemplateParts(`${beginning}${query.replace(/^\?/, '')}`);
    return marks.flatMap((at) =>
      solve(pieces, { text: beginning + url.slice(at + 1), isOpen: false }, named).map((known) => ({
        page: url.slice(0, at),
        known,
      })),
    );
  });
  return [{ page: url, known: new Map() }, ...found];
}

/** Steps of a regex that backtracks: a second or so. */
const mostSteps = 1e8;

/**
 * A regex is matched as a whole, and its variables as groups: the longest values first.
 * @returns none where that could take longer than anybody waits
 */
function solveRegex(parts: readonly Part[], url: string, named: NamedValues): readonly Solution[] {
  const open = parts.map((part) => (typeof part === 'string' ? part.replace(/[^*+}]/g, '').length : 1));
  if (url.length ** open.reduce((sum, each) => sum + each, 0) > mostSteps) return [];
  return ['+', '+?'].flatMap((quantifier) =>
    ['$', ''].flatMap((end) => {
      const found = regexOf(parts, quantifier, end)?.exec(url);
      const values = found && valuesIn(found, parts, named);
      return values ? [values] : [];
    }),
  );
}

function regexOf(parts: readonly Part[], quantifier: string, end: string): RegExp | undefined {
  const source = parts.map((part, index) => (typeof part === 'string' ? part : `\0${index}\0`)).join('');
  const pathStart = source.indexOf('/', source.indexOf('://') + 3);
  const host = escapeRegex(source.slice(0, pathStart)).replace(/^any:/, 'https?:');
  const withGroups = (text: string) => text.replace(/\0(\d+)\0/g, `(?<slot$1>[^]${quantifier})`);
  try {
    return new RegExp(`^${withGroups(host)}(?:${withGroups(source.slice(pathStart))})${end}`);
  } catch {
    return undefined;
  }
}

function valuesIn(found: RegExpExecArray, parts: readonly Part[], named: NamedValues): Solution | undefined {
  return parts.reduce<Solution | undefined>((values, part, index) => {
    const written = typeof part === 'string' ? undefined : found.groups?.[`slot${index}`];
    if (typeof part === 'string' || written === undefined || values === undefined) return values;
    const expected = part.decidesHost === true ? written : escapeRegex(written);
    const value = readValue(part, written, false, named, expected);
    return value && withValue(values, part.name, value);
  }, new Map());
}
