import { groupBy } from '../model/group-by.ts';
import type { ChangeAction, OriginChange, PurgeAction, PurgeEntry, Scope, Target } from '../model/types.ts';
import { compileMatch, listOf, type OneOrMore } from './conditions.ts';
import type { FileHeaders } from './header-sets.ts';
import { atOnce, type CompiledRule, explainRule, mapChange } from './map-change.ts';
import type { Pages } from './pages.ts';
import { type Captures, compilePattern } from './pattern.ts';
import { compileStaleUrls } from './stale-urls.ts';
import type { Encoding } from './template.ts';

/** Conditions on the values of a change: each that is given has to hold, by any one of its patterns. */
export interface Conditions {
  /** S3 only: the bucket. */
  readonly bucket?: OneOrMore<string>;
  /** S3 only: the whole key, e.g. `site/{+path}`. */
  readonly key?: OneOrMore<string>;
  /** S3 only: what the key begins with, as plain text. */
  readonly prefix?: OneOrMore<string>;
  /** CMS only: the webhook's name, where one source has several. */
  readonly webhook?: OneOrMore<string>;
  /** CMS only: the content type. */
  readonly type?: OneOrMore<string>;
  /** CMS only: the locale. */
  readonly locale?: OneOrMore<string>;
  /** CMS only: the environment. */
  readonly environment?: OneOrMore<string>;
  /** CMS only: any other value, under the name by which templates know it, e.g. `fields.category`. */
  readonly fields?: Readonly<Record<string, OneOrMore<string | number | boolean>>>;
}

/** Which changes a rule is for. */
export interface Match extends Conditions {
  /** `s3`, or the source of a webhook: `contentful`, `standard-webhooks`. */
  readonly source: string;
  /** Default: both. */
  readonly action?: ChangeAction;
}

/** The URLs that a change makes stale, as templates over what the match captured or the CMS sent. */
export interface Purge {
  /** Hosts for templates that begin with a slash, e.g. `www.example.com` or `http://{locale}.example.com`. */
  readonly hosts?: OneOrMore<string>;
  /** Files, e.g. `https://www.example.com/{+path}`. */
  readonly fileUrls?: readonly string[];
  /** Directories and wildcards, e.g. `https://www.example.com/blog/*`. */
  readonly dirUrls?: readonly string[];
  /** Regular expressions over cache keys, e.g. `https://www.example.com/{+path}\?.*`. */
  readonly regexPatterns?: readonly string[];
  /** The versions of each file that headers tell apart. Default: the version without headers. */
  readonly fileHeaders?: FileHeaders;
  /** Whether each file is purged in all versions, as a `dirUrls` entry without a wildcard. Default: false. */
  readonly variants?: boolean;
  /** Query strings that each file is also requested with, e.g. `format=amp`. */
  readonly queries?: readonly string[];
  /** How paths are spelt; each gives URLs of its own. Default: `browser`, and for S3 objects `s3`, too. */
  readonly encodings?: readonly Encoding[];
}

/** What a user writes: which changes it matches, and which URLs they make stale. All rules that match apply. */
export interface Rule {
  /** Names the rule in logs. Default: its place, `rules[0]`. */
  readonly name?: string;
  readonly match: Match;
  /** What to leave alone: patterns of keys, or conditions that have to hold together. */
  readonly except?: OneOrMore<string | Conditions>;
  readonly purge: Purge;
  readonly pages?: Pages;
  /** Default: a put invalidates, a delete deletes. */
  readonly action?: PurgeAction;
  /** Default: the purger's target. */
  readonly target?: Target;
  /** Seconds that the purge waits in the buffer, 0 to 900. Default: 0. */
  readonly delaySeconds?: number;
  /** Seconds after the first purge until a second one, 1 to 900 less the delay. Default: no second purge. */
  readonly repeatAfterSeconds?: number;
  /** ID of a CDN Pro webhook to call when the purge completes. */
  readonly webhook?: string;
}

/** What the functions need to map changes. Travels inside their assets as JSON. */
export interface MappingConfig {
  readonly target: Target;
  readonly rules: readonly Rule[];
}

/** A URL that a rule asked for and that cannot be purged. */
export interface MappingProblem {
  readonly rule: string;
  readonly template: string;
  readonly reason: string;
}

/** Entries that wait equally long. */
export interface Delivery {
  readonly delaySeconds: number;
  readonly entries: readonly PurgeEntry[];
}

/** What a change makes stale. */
export interface Mapping {
  /** Without duplicates, in the order of the rules. */
  readonly entries: readonly PurgeEntry[];
  /** The entries by when they are to be purged, the soonest first; one that is purged twice is in two. */
  readonly deliveries: readonly Delivery[];
  /** Names of the rules that matched. */
  readonly rules: readonly string[];
  readonly problems: readonly MappingProblem[];
}

/** What one rule made of a change. */
export type RuleExplanation =
  | {
      readonly rule: string;
      readonly matched: true;
      readonly captures: Captures;
      readonly entries: readonly PurgeEntry[];
      readonly delaysSeconds: readonly number[];
      readonly problems: readonly MappingProblem[];
    }
  | { readonly rule: string; readonly matched: false; readonly reason: string };

/** Compiled rules: from a change to what it makes stale. */
export interface RuleSet {
  /** @param latest what happened last to the object, where this change is known to be overtaken. Default: its own */
  map(change: OriginChange, latest?: ChangeAction): Mapping;
  /** Says of each rule what it makes of a change, by the same means as `map`. */
  explain(change: OriginChange): readonly RuleExplanation[];
}

/**
 * Compiles rules, once for the life of a function.
 * @param config as `checkSettings` lets it pass
 * @throws PatternError for a pattern or template that cannot be read
 */
export function compileRules(config: MappingConfig): RuleSet {
  const rules = config.rules.map((rule, index) => compileRule(rule, `rules[${index}]`, config.target));
  const candidatesFor = indexRules(rules);
  return {
    map: (change, latest) => mapChange(candidatesFor(change), change, latest ?? change.action),
    explain: (change) => rules.map((rule) => explainRule(rule, change)),
  };
}

function compileRule(rule: Rule, place: string, target: Target): CompiledRule {
  const { delaySeconds = 0, repeatAfterSeconds } = rule;
  const scope = (action: PurgeAction): Scope => ({
    target: rule.target ?? target,
    action: rule.action ?? action,
    ...(rule.webhook === undefined ? {} : { webhook: rule.webhook }),
  });
  return {
    name: rule.name ?? place,
    source: rule.match.source,
    match: compileMatch(rule),
    staleUrls: compileStaleUrls(rule),
    scopes: { put: scope('invalidate'), delete: scope('delete') },
    delaysSeconds: delaysOf(delaySeconds, repeatAfterSeconds),
    segments: segmentsOf(rule),
  };
}

function delaysOf(delaySeconds: number, repeatAfterSeconds: number | undefined): readonly number[] {
  if (repeatAfterSeconds !== undefined) return [delaySeconds, delaySeconds + repeatAfterSeconds];
  return delaySeconds === 0 ? atOnce : [delaySeconds];
}

function segmentsOf({ match: { key } }: Rule): ReadonlySet<string> | undefined {
  const segments = listOf(key).map((each) => firstSegment(compilePattern(each).literalPrefix));
  return segments.length === 0 || segments.includes('') ? undefined : new Set(segments);
}

function firstSegment(text: string): string {
  return text.slice(0, text.indexOf('/') + 1);
}

/** Finds the rules that a change is worth trying with: by its source, and for an object by its first segment. */
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
