import type { EntryChange } from '../model/types.ts';
import { compileRule } from './compile-rules.ts';
import { mapByRules } from './map-change.ts';
import { anyQuery, coverDirUrl, coverFileUrl, isFixed, type PrefixCover } from './prefix.ts';
import {
  listOf,
  type MappingConfig,
  type MappingResult,
  type OneOrMore,
  type Purge,
  type Rule,
  type ScheduledEntries,
} from './rule.ts';
import { withoutScheduled } from './schedule.ts';
import { compileStaleUrls, type StaleUrl } from './stale-urls.ts';
import { uniqueEntries } from './urls/entry-set.ts';
import { headerSetsOf } from './urls/header-sets.ts';
import { withHosts } from './urls/hosts.ts';
import { encodeLiteral } from './urls/url.ts';
import { dirEntry } from './urls/url-entry.ts';

/**
 * Maps a change whose source does not say which entries changed: for each rule that could match one of them, all that
 * it could make of any. That is all below the literal beginning of each template with a variable, the pages of it that
 * lie outside, and templates without a variable as they are.
 * @returns entries without duplicates, in the order of the rules. What no change of them alone would purge, such as all
 *   below a beginning, is scheduled apart, as by prefix
 */
export function purgeByPrefix({ rules, ...config }: MappingConfig, change: EntryChange): MappingResult {
  const matching = rules.flatMap((rule, index) => {
    if (!couldMatch(rule, change)) return [];
    return [{ compiled: compileRule(rule, `rules[${index}]`, config), cover: coverRule(rule) }];
  });
  const map = (urlsOf: (cover: RuleCover) => readonly StaleUrl[]) =>
    mapByRules(
      matching.map(({ compiled, cover }) => ({ ...compiled, staleUrls: urlsOf(cover) })),
      {},
      'put',
    );
  const asRuled = map(({ asRuled }) => asRuled);
  const byPrefix = map(({ byPrefix }) => byPrefix);
  return {
    ...asRuled,
    entries: uniqueEntries([...asRuled.entries, ...byPrefix.entries]),
    schedule: [
      ...asRuled.schedule,
      ...withoutScheduled(byPrefix.schedule, asRuled.schedule).map(
        (scheduled): ScheduledEntries => ({ ...scheduled, byPrefix: true }),
      ),
    ].filter(({ entries }) => entries.length > 0),
    problems: [...asRuled.problems, ...byPrefix.problems],
  };
}

function couldMatch({ match }: Rule, { source, webhook, type }: EntryChange): boolean {
  return match.source === source && couldBe(match.webhook, webhook) && couldBe(match.type, type);
}

/** A condition's patterns are taken to match, and so is a value that the change does not tell. */
function couldBe(patterns: OneOrMore<string> | undefined, value: string | undefined): boolean {
  if (patterns === undefined || value === undefined) return true;
  return listOf(patterns).some((pattern) => pattern === value || pattern.includes('{'));
}

/** What covers every entry that a rule can make. */
interface RuleCover {
  /** What the rule has purged with each change. */
  readonly asRuled: readonly StaleUrl[];
  /** What covers all that its changes differ in. */
  readonly byPrefix: readonly StaleUrl[];
}

function coverRule(rule: Rule): RuleCover {
  const { hosts, fileUrls, dirUrls, regexPatterns } = rule.purge;
  const whole = (templates: readonly string[] | undefined) =>
    withHosts(templates, listOf(hosts)).map((template) => template.whole);
  const [files, dirs, regexes] = [whole(fileUrls), whole(dirUrls), whole(regexPatterns)];
  const open = (templates: readonly string[]) => templates.filter((template) => !isFixed(template));
  const covers = [
    ...open(files).map((template) => coverFileUrl(template, rule)),
    ...open(dirs).map(coverDirUrl),
    ...open(regexes).map(coverRegexPattern),
  ];
  const fixed = coverFixed({
    ...rule,
    purge: {
      ...rule.purge,
      fileUrls: files.filter(isFixed),
      dirUrls: dirs.filter(isFixed),
      regexPatterns: regexes.filter(isFixed),
    },
  });
  const outside = coverFixed({
    match: rule.match,
    purge: {
      ...rule.purge,
      fileUrls: covers.flatMap((cover) => cover.fileUrls),
      dirUrls: [],
      regexPatterns: [],
    },
  });
  return {
    asRuled: [...fixed.asRuled, ...outside.asRuled],
    byPrefix: [
      ...fixed.byPrefix,
      ...outside.byPrefix,
      ...covers.flatMap((cover) => cover.dirUrls).map(wildcard),
    ],
  };
}

/** The URLs of templates without a variable, each with every query string and version that any change gives it. */
function coverFixed(rule: Rule): RuleCover {
  const { purge } = rule;
  const { queries = [], fileHeaders, variants = false } = purge;
  const hasOpenHeaders =
    !variants &&
    fileHeaders !== undefined &&
    headerSetsOf(fileHeaders).some((set) => Object.values(set).some((value) => !isFixed(value)));
  const fixed: Purge = { ...purge, queries: queries.filter(isFixed), variants: variants || hasOpenHeaders };
  const urls = compileStaleUrls({ ...rule, purge: fixed });
  const pages = compileStaleUrls({
    match: rule.match,
    ...(rule.pages && { pages: rule.pages }),
    purge: { fileUrls: purge.fileUrls ?? [] },
  });
  const hasOpenQueries = !queries.every(isFixed);
  return {
    asRuled: hasOpenHeaders ? [] : urls,
    byPrefix: [...(hasOpenHeaders ? urls : []), ...(hasOpenQueries ? pages.map(withAnyQuery) : [])],
  };
}

function withAnyQuery({ written, expand }: StaleUrl): StaleUrl {
  return {
    written,
    expand: (variables, scopes) =>
      expand(variables, scopes).map((each) => {
        if (each.kind !== 'file') return each;
        return dirEntry(each.url.includes('?') ? `${each.url}&**` : `${each.url}${anyQuery}`, scopes.others);
      }),
  };
}

function wildcard(url: string): StaleUrl {
  return { written: url, expand: (_, { others }) => [dirEntry(url, others)] };
}

/** A regex cannot be cut anywhere, but its literal beginning is a path. */
function coverRegexPattern(pattern: string): PrefixCover {
  const pathStart = Math.max(0, pattern.indexOf('/', pattern.indexOf('://') + 3));
  const length = pattern.slice(pathStart).search(/[\\^$.*+?()[\]{}|]/);
  const end = length < 0 ? pattern.length : pathStart + length;
  // What a quantifier follows may be missing.
  const isLastOptional = /^(?:[?*]|\{\d)/.test(pattern.slice(end));
  const literal = encodeLiteral(pattern.slice(0, isLastOptional ? end - 1 : end));
  const prefix = `${literal.slice(0, literal.lastIndexOf('/') + 1)}**`;
  const isOfAnyScheme = prefix.startsWith('any:');
  return {
    dirUrls: isOfAnyScheme ? [`http${prefix.slice(3)}`, `https${prefix.slice(3)}`] : [prefix],
    fileUrls: [],
  };
}
