import { showsOf } from '../model/shows.ts';
import type { ChangeAction, OriginChange, PurgeEntry } from '../model/types.ts';
import { type CompiledMatch, matchChange, reasonNotToMatch, variablesOf } from './conditions.ts';
import type { Scopes } from './own-urls.ts';
import type { ShownVersion } from './patterns/proof.ts';
import type { Variables } from './patterns/template.ts';
import type { MappingProblem, MappingResult, RuleExplanation } from './rule.ts';
import { Schedule, scheduledAtOnce, type Timing } from './schedule.ts';
import type { StaleUrl } from './stale-urls.ts';
import { EntrySet } from './urls/entry-set.ts';

/** A rule that is ready for changes. */
export interface CompiledRule {
  readonly name: string;
  readonly source: string;
  readonly match: CompiledMatch;
  readonly staleUrls: readonly StaleUrl[];
  readonly scopes: Readonly<Record<ChangeAction, Scopes>>;
  /** Missing where its files are not proven, or by the object's own version. */
  readonly shownVersion?: ShownVersion;
  readonly timing: Timing;
  /** First segments of the keys that it can match, with their slash; undefined where any may. */
  readonly segments: ReadonlySet<string> | undefined;
}

/** The timing of a rule that says nothing of it. */
export const atOnce: Timing = { delaysSeconds: [0] };

const nothingStale: MappingResult = Object.freeze({ entries: [], schedule: [], rules: [], problems: [] });
const allExcepted: MappingResult = Object.freeze({ ...nothingStale, isExcepted: true });

/**
 * @param rules those that may match the change
 * @param latest what happened last to the object: the default action follows it
 * @returns what the change makes stale, by all rules together
 */
export function mapChange(
  rules: readonly CompiledRule[],
  change: OriginChange,
  latest: ChangeAction,
): MappingResult {
  let variables: Variables | undefined;
  let collected: MappingCollector | undefined;
  let isExcepted = false;
  for (const rule of rules) {
    variables ??= variablesOf(change);
    const captures = matchChange(rule.match, change, variables);
    if (captures === 'excepted') isExcepted = true;
    if (captures === undefined || captures === 'excepted') continue;
    collected ??= new MappingCollector();
    const values = { ...variables, ...captures };
    collected.collect(rule, values, scopesFor(rule, latest, change, values));
  }
  if (collected !== undefined) return collected.result();
  return isExcepted ? allExcepted : nothingStale;
}

/** @returns what all of these rules together make of the same values, whether or not they match */
export function mapByRules(
  rules: readonly CompiledRule[],
  variables: Variables,
  latest: ChangeAction,
): MappingResult {
  const collected = new MappingCollector();
  for (const rule of rules) collected.collect(rule, variables, rule.scopes[latest]);
  return collected.result();
}

/** What an object's or entry's own files show goes along with them. */
function scopesFor(
  { scopes, shownVersion }: CompiledRule,
  latest: ChangeAction,
  change: OriginChange,
  values: Variables,
): Scopes {
  const { own, others } = scopes[latest];
  const shows = shownVersion === undefined ? showsOf(change, latest) : shownVersion(change, latest, values);
  return shows === undefined ? scopes[latest] : { own: { ...own, shows }, others };
}

/** Collects what several rules make of a change. */
class MappingCollector {
  readonly #all = new EntrySet();
  readonly #rules: string[] = [];
  readonly #problems: MappingProblem[] = [];
  /** What needs no purge, since the change has no such URL. */
  readonly omitted: MappingProblem[] = [];
  /** Only once a rule has a delay or a lane: until then all entries are purged at once. */
  #schedule: Schedule | undefined;
  #timing = atOnce;

  collect(rule: CompiledRule, variables: Variables, scopes: Scopes): void {
    this.#rules.push(rule.name);
    this.#timing = rule.timing;
    if (this.#schedule === undefined && rule.timing !== atOnce) {
      this.#schedule = new Schedule();
      for (const entry of this.#all.entries) this.#schedule.add({ ...atOnce, entry });
    }
    for (const { written, expand } of rule.staleUrls) {
      for (const each of expand(variables, scopes)) {
        if (each.kind !== 'problem' && each.kind !== 'omitted') {
          this.#add(each);
          continue;
        }
        const { kind, ...remark } = each;
        const remarks = kind === 'problem' ? this.#problems : this.omitted;
        remarks.push({ rule: rule.name, template: written, ...remark });
      }
    }
  }

  #add(entry: PurgeEntry): void {
    this.#all.add(entry);
    this.#schedule?.add({ ...this.#timing, entry });
  }

  result(): MappingResult {
    const { entries } = this.#all;
    const schedule = this.#schedule?.list() ?? scheduledAtOnce(entries);
    return { entries, schedule, rules: this.#rules, problems: this.#problems };
  }
}

/** @returns what one rule makes of a change, or why it does not match */
export function explainRule(rule: CompiledRule, change: OriginChange): RuleExplanation {
  const { name, source, match, timing } = rule;
  const { delaysSeconds } = timing;
  if (source !== change.source) {
    return { rule: name, matched: false, reason: `it is for changes from "${source}"` };
  }
  const variables = variablesOf(change);
  const captures = matchChange(match, change, variables);
  if (captures === undefined || captures === 'excepted') {
    const reason = reasonNotToMatch(match, change.action, variables) ?? 'its conditions do not hold';
    return { rule: name, matched: false, reason };
  }
  const collected = new MappingCollector();
  const values = { ...variables, ...captures };
  const { action } = change;
  const isProven = rule.shownVersion !== undefined;
  collected.collect(rule, values, isProven ? scopesFor(rule, action, change, values) : rule.scopes[action]);
  const { entries, problems } = collected.result();
  const { omitted } = collected;
  return { rule: name, matched: true, captures, entries, delaysSeconds, problems, omitted };
}
