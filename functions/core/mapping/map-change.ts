import type { ChangeAction, OriginChange, PurgeEntry, Scope } from '../model/types.ts';
import { type CompiledMatch, matchChange, reasonNotToMatch, variablesOf } from './conditions.ts';
import { EntrySet } from './entry-set.ts';
import type { MappingProblem, MappingResult, RuleExplanation, ScheduledEntries } from './rule.ts';
import type { EntryCollector, StaleUrls } from './stale-urls.ts';
import type { Variables } from './template.ts';

/** A rule that is ready for changes. */
export interface CompiledRule {
  readonly name: string;
  readonly source: string;
  readonly match: CompiledMatch;
  readonly staleUrls: StaleUrls;
  readonly scopes: Readonly<Record<ChangeAction, Scope>>;
  readonly delaysSeconds: readonly number[];
  /** First segments of the keys that it can match, with their slash; undefined where any may. */
  readonly segments: ReadonlySet<string> | undefined;
}

/** The delays of a rule without any. */
export const atOnce: readonly number[] = [0];

const nothingStale: MappingResult = Object.freeze({ entries: [], schedule: [], rules: [], problems: [] });

/**
 * @param rules those that may be for the change
 * @param latest what happened last to the object: the default action follows it
 * @returns what the change makes stale, by all rules together
 */
export function mapChange(
  rules: readonly CompiledRule[],
  change: OriginChange,
  latest: ChangeAction,
): MappingResult {
  let variables: Variables | undefined;
  let collected: Collector | undefined;
  for (const rule of rules) {
    variables ??= variablesOf(change);
    const captures = matchChange(rule.match, change.action, variables);
    if (captures === undefined) continue;
    collected ??= new Collector();
    collected.collect(rule, { ...variables, ...captures }, latest);
  }
  return collected === undefined ? nothingStale : collected.mapping();
}

/** Gathers what several rules make of a change. */
class Collector implements EntryCollector {
  readonly #all = new EntrySet();
  readonly #rules: string[] = [];
  readonly #problems: MappingProblem[] = [];
  /** Only once a rule has a delay: until then all entries are for now. */
  #byDelay: Map<number, EntrySet> | undefined;
  #delaysSeconds: readonly number[] = atOnce;

  collect(rule: CompiledRule, variables: Variables, latest: ChangeAction): void {
    this.#rules.push(rule.name);
    this.#delaysSeconds = rule.delaysSeconds;
    if (this.#byDelay === undefined && rule.delaysSeconds !== atOnce) {
      this.#byDelay = new Map();
      for (const entry of this.#all.entries) this.#addAt(0, entry);
    }
    rule.staleUrls(variables, rule.scopes[latest], this);
  }

  add(entry: PurgeEntry): void {
    this.#all.add(entry);
    if (this.#byDelay === undefined) return;
    for (const delaySeconds of this.#delaysSeconds) this.#addAt(delaySeconds, entry);
  }

  reportProblem(template: string, reason: string): void {
    this.#problems.push({ rule: this.#rules.at(-1) ?? '', template, reason });
  }

  #addAt(delaySeconds: number, entry: PurgeEntry): void {
    let set = this.#byDelay?.get(delaySeconds);
    if (set === undefined) {
      set = new EntrySet();
      this.#byDelay?.set(delaySeconds, set);
    }
    set.add(entry);
  }

  mapping(): MappingResult {
    const { entries } = this.#all;
    return { entries, schedule: this.#deliveries(), rules: this.#rules, problems: this.#problems };
  }

  #deliveries(): readonly ScheduledEntries[] {
    const { entries } = this.#all;
    if (this.#byDelay === undefined) return entries.length === 0 ? [] : [{ delaySeconds: 0, entries }];
    return [...this.#byDelay]
      .map(([delaySeconds, set]) => ({ delaySeconds, entries: set.entries }))
      .sort((a, b) => a.delaySeconds - b.delaySeconds);
  }
}

/** @returns what one rule makes of a change, or why it is not for it */
export function explainRule(rule: CompiledRule, change: OriginChange): RuleExplanation {
  const { name, source, match, delaysSeconds } = rule;
  if (source !== change.source) {
    return { rule: name, matched: false, reason: `it is for changes from "${source}"` };
  }
  const variables = variablesOf(change);
  const captures = matchChange(match, change.action, variables);
  if (captures === undefined) {
    const reason = reasonNotToMatch(match, change.action, variables) ?? 'its conditions do not hold';
    return { rule: name, matched: false, reason };
  }
  const collected = new Collector();
  collected.collect(rule, { ...variables, ...captures }, change.action);
  const { entries, problems } = collected.mapping();
  return { rule: name, matched: true, captures, entries, delaysSeconds, problems };
}
