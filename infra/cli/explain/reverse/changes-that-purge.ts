import { compileRule } from '../../../../functions/core/mapping/compile-rules.ts';
import { parseTokens } from '../../../../functions/core/mapping/patterns/tokens.ts';
import { listOf, type MappingConfig, type Rule } from '../../../../functions/core/mapping/rule.ts';
import { headerSetsOf } from '../../../../functions/core/mapping/urls/header-sets.ts';
import { withHosts } from '../../../../functions/core/mapping/urls/hosts.ts';
import type { Target } from '../../../../functions/core/model/types.ts';
import type { CacheKey } from '../../../../functions/core/planning/cache-key.ts';
import type { PurgerConfig } from '../../../settings/purger-config.ts';
import { matchUrl, type UrlMatch } from '../../queries/why/url-match.ts';
import type { ExplainedPurger, ExplainedWebhook } from '../purger/explained-purger.ts';
import { type ObjectSources, watchedObjects } from '../purger/watched-objects.ts';
import type { Candidate } from './candidate.ts';
import { entryCandidates } from './entry-candidates.ts';
import { objectCandidates } from './object-candidates.ts';
import { type Proof, type ProvenChange, prove } from './prove.ts';
import type { NamedValues } from './solve.ts';
import { type SolvedTemplate, solveTemplate, templateLists, type WholeTemplate } from './solve-template.ts';

/** A configuration, as far as it says which changes there are and what they purge. */
export interface ReversedConfig extends MappingConfig, ObjectSources, Pick<PurgerConfig, 'webhooks'> {
  readonly cacheKey?: CacheKey;
}

/** What is known of a purger: its rules, and where its changes come from. */
export interface ReversedPurger extends Pick<ExplainedPurger, 'mapping' | 'watched'> {
  readonly cacheKey: CacheKey;
  readonly webhooks: readonly Pick<ExplainedWebhook, 'name' | 'source'>[];
}

/** A kind of changes that purges a URL. */
export interface PurgingChange extends ProvenChange {
  /** As the rule writes it. */
  readonly template: string;
  /** Where it purges the URL, where that is not the purger's own target. */
  readonly target?: Target;
}

/**
 * Finds the changes that purge a URL: the values of each template with which it makes the URL, and the changes that have
 * these values. Each is proven by its example, which the rule maps to an entry that purges the URL for certain.
 * @param url of a page or a file, as CDN Pro writes it
 */
export function changesThatPurge(config: ReversedConfig, url: string): readonly PurgingChange[] {
  return purgingChanges(reversedPurger(config), url);
}

/** @returns what a configuration says of its purger */
export function reversedPurger(config: ReversedConfig): ReversedPurger {
  const { webhooks = [], cacheKey = {} } = config;
  const named = webhooks.map(({ source, name = source }) => ({ source, name }));
  return { mapping: config, cacheKey, watched: watchedObjects(config), webhooks: named };
}

/** @returns the same of any purger */
export function purgingChanges(purger: ReversedPurger, url: string): readonly PurgingChange[] {
  const match = matchUrl(url, purger.cacheKey);
  return purger.mapping.rules.flatMap((rule, index) => changesOfRule(rule, `rules[${index}]`, purger, match));
}

function changesOfRule(
  rule: Rule,
  defaultName: string,
  { mapping, watched, webhooks }: ReversedPurger,
  match: UrlMatch,
): readonly PurgingChange[] {
  const named = namedValues(rule);
  const { action } = rule.match;
  return templatesOf(rule).flatMap(({ list, written, wholes }) => {
    const solutions = wholes.flatMap((whole) =>
      match.spellings.flatMap((url) => solveTemplate({ list, whole }, rule, url, named)),
    );
    if (solutions.length === 0) return [];
    const only = withTemplate(rule, list, written);
    const proof: Proof = {
      rule: compileRule(only, defaultName, mapping),
      actions: action === undefined ? ['put', 'delete'] : [action],
      match,
      watched,
    };
    return candidatesOf(only, solutions, { watched, webhooks }).flatMap((candidate) => {
      const proven = prove(candidate, proof);
      if (proven === undefined) return [];
      const { target } = proven.entry;
      return [{ template: written, ...(target !== mapping.target && { target }), ...proven }];
    });
  });
}

/** The changes that give a rule's variables the values of one of the solutions. */
function candidatesOf(
  rule: Rule,
  solutions: readonly SolvedTemplate[],
  { watched, webhooks }: Pick<ReversedPurger, 'watched' | 'webhooks'>,
): readonly Candidate[] {
  const needed = variablesOf(rule);
  const names = webhooks.flatMap(({ source, name }) => (source === rule.match.source ? [name] : []));
  const different = distinct(solutions, ({ values, isAbove }) => JSON.stringify([...values, isAbove]));
  const all = different.flatMap(({ values, isAbove }): readonly Candidate[] => {
    const candidates =
      rule.match.source === 's3'
        ? objectCandidates(rule, values, watched)
        : entryCandidates(rule, values, needed, names);
    const ofAnyCase = [...values.values()].flatMap(({ text, isOfAnyCase }) => (isOfAnyCase ? [text] : []));
    return candidates.map((each) => ({
      ...each,
      ...(ofAnyCase.length > 0 && { ofAnyCase }),
      ...(isAbove && { levelsBelow: rule.pages?.parents ?? 0 }),
    }));
  });
  return distinct(all, ({ words, levelsBelow }) => `${levelsBelow} ${words}`);
}

/** Each encoding and spelling of a URL may give the same. */
function distinct<Item>(items: readonly Item[], keyOf: (item: Item) => string): readonly Item[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

interface RuleTemplate {
  readonly list: WholeTemplate['list'];
  /** As the rule writes it. */
  readonly written: string;
  /** It with each host. */
  readonly wholes: readonly string[];
}

function templatesOf({ purge }: Rule): readonly RuleTemplate[] {
  const hosts = listOf(purge.hosts);
  return templateLists.flatMap((list) =>
    [...new Set(purge[list])].map((written) => ({
      list,
      written,
      wholes: withHosts([written], hosts).map(({ whole }) => whole),
    })),
  );
}

function withTemplate(rule: Rule, list: WholeTemplate['list'], written: string): Rule {
  const { fileUrls: _, dirUrls: __, regexPatterns: ___, ...others } = rule.purge;
  return { ...rule, purge: { ...others, [list]: [written] } };
}

/** The variables of a rule's templates, of its query strings and its headers. */
function variablesOf({ purge }: Rule): readonly string[] {
  const { hosts, fileUrls, dirUrls, regexPatterns = [], queries = [], fileHeaders } = purge;
  const headers =
    fileHeaders === undefined ? [] : headerSetsOf(fileHeaders).flatMap((set) => Object.values(set));
  const templates = [...listOf(hosts), ...listOf(fileUrls), ...listOf(dirUrls), ...queries, ...headers];
  const tokens = [
    ...templates.flatMap((template) => parseTokens(template)),
    ...regexPatterns.flatMap((pattern) => parseTokens(pattern, 'literal')),
  ];
  return tokens.flatMap((token) => (token.kind === 'variable' ? [token.name] : []));
}

/** The values that a rule's conditions name as they are. */
function namedValues({
  match: { source: _, action: __, prefix: ___, fields, ...conditions },
}: Rule): NamedValues {
  const all = Object.entries({ ...conditions, ...fields });
  return new Map(all.map(([name, value]) => [name, listOf(value).map(String)]));
}
