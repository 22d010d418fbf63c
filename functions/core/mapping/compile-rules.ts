import { groupBy } from '../model/group-by.ts';
import type { OriginChange, PurgeAction, Scope } from '../model/types.ts';
import { compileMatch } from './conditions.ts';
import { atOnce, type CompiledRule, explainRule, mapChange } from './map-change.ts';
import { compilePattern } from './patterns/pattern.ts';
import { compileProof } from './patterns/proof.ts';
import { listOf, type MappingConfig, type Rule, type RuleExplanation, type RuleSet } from './rule.ts';
import type { Timing } from './schedule.ts';
import { compileStaleUrls } from './stale-urls.ts';

/**
 * Compiles rules, once for the life of a function.
 * @param config as `checkSettings` lets it pass
 * @throws PatternError for a pattern or template that cannot be read
 */
export function compileRules(config: MappingConfig): RuleSet {
  const candidatesFor = indexRules(compileAll(config));
  return { map: (change, latest) => mapChange(candidatesFor(change), change, latest ?? change.action) };
}

/** @returns what says of each rule what it makes of a change; apart from the rules, since no function needs it */
export function compileExplanations(
  config: MappingConfig,
): (change: OriginChange) => readonly RuleExplanation[] {
  const rules = compileAll(config);
  return (change) => rules.map((rule) => explainRule(rule, change));
}

function compileAll(config: MappingConfig): readonly CompiledRule[] {
  return config.rules.map((rule, index) => compileRule(rule, `rules[${index}]`, config));
}

/** @returns one rule, ready for changes */
export function compileRule(
  rule: Rule,
  defaultName: string,
  { target, allowedHosts }: Omit<MappingConfig, 'rules'>,
): CompiledRule {
  const scope = (action: PurgeAction): Scope => ({
    target: rule.target ?? target,
    action: rule.action ?? action,
    ...(rule.webhook === undefined ? {} : { webhook: rule.webhook }),
  });
  const put = scope('invalidate');
  return {
    name: rule.name ?? defaultName,
    source: rule.match.source,
    match: compileMatch(rule),
    staleUrls: compileStaleUrls(rule, allowedHosts),
    scopes: { put: { own: put, others: put }, delete: { own: scope('delete'), others: put } },
    ...(rule.proof !== undefined && { shownVersion: compileProof(rule.proof) }),
    timing: timingOf(rule),
    segments: segmentsOf(rule),
  };
}

function timingOf({ delaySeconds = 0, repeatAfterSeconds, lane }: Rule): Timing {
  const repeated = repeatAfterSeconds === undefined ? [] : [delaySeconds + repeatAfterSeconds];
  if (delaySeconds === 0 && repeated.length === 0 && lane === undefined) return atOnce;
  return { delaysSeconds: [delaySeconds, ...repeated], ...(lane !== undefined && { lane }) };
}

/** The first segments of the keys that a rule can match; undefined where it may match any. */
function segmentsOf({ match: { key } }: Rule): ReadonlySet<string> | undefined {
  const segments = listOf(key).map((each) => firstSegment(compilePattern(each).literalPrefix));
  return segments.length === 0 || segments.includes('') ? undefined : new Set(segments);
}

/** Up to the first slash, which it includes; empty without one. */
function firstSegment(key: string): string {
  return key.slice(0, key.indexOf('/') + 1);
}

/** Finds the rules that may match a change: by its source, and for an object by the first segment of its key. */
function indexRules(rules: readonly CompiledRule[]): (change: OriginChange) => readonly CompiledRule[] {
  const bySource = groupBy(rules, ({ source }) => source);
  const ofObjects = bySource.get('s3') ?? [];
  const anywhere = ofObjects.filter(({ segments }) => segments === undefined);
  const known = new Set(ofObjects.flatMap(({ segments }) => [...(segments ?? [])]));
  const bySegment = new Map(
    [...known].map((segment) => [
      segment,
      ofObjects.filter(({ segments }) => segments === undefined || segments.has(segment)),
    ]),
  );
  return (change) =>
    'key' in change
      ? (bySegment.get(firstSegment(change.key)) ?? anywhere)
      : (bySource.get(change.source) ?? []);
}
