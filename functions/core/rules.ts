import { type Captures, compilePattern, type Pattern } from './pattern.ts';
import { compileRegexTemplate, compileUrlTemplate, type Template, type Variables } from './template.ts';
import type {
  EntryChange,
  ObjectChange,
  OriginChange,
  PurgeAction,
  PurgeEntry,
  Scope,
  Target,
} from './types.ts';
import { faultOfDirUrl, faultOfFileUrl, faultOfRegexPattern } from './url.ts';

/** Which changes a rule is for. Every condition that is given has to hold. */
export interface Match {
  /** `s3`, or the source of a webhook: `contentful`, `standard-webhooks`. */
  readonly source: string;
  /** S3 only: the pattern or patterns of which the whole key has to fit one, e.g. `site/{+path}`. Default: any key. */
  readonly key?: string | readonly string[];
  /** S3 only: the bucket's name. Default: any bucket that is watched. */
  readonly bucket?: string;
  /** CMS only: the webhook's name, where one source has several. Default: any. */
  readonly webhook?: string;
  /** CMS only: the content type or types. Default: any. */
  readonly type?: string | readonly string[];
  /** CMS only: the locale or locales. Default: any. */
  readonly locale?: string | readonly string[];
}

/** The URLs that a change makes stale, as templates over what the match captured or the CMS sent. */
export interface Purge {
  /** Files, e.g. `https://www.example.com/{+path}`. */
  readonly fileUrls?: readonly string[];
  /** Directories and wildcards, e.g. `https://www.example.com/blog/*`. */
  readonly dirUrls?: readonly string[];
  /** Regular expressions over cache keys, e.g. `https://www.example.com/{+path}\?.*`. */
  readonly regexPatterns?: readonly string[];
}

/** What a user writes: which changes it matches, and which URLs they make stale. All rules that match apply. */
export interface Rule {
  /** Names the rule in logs. Default: its place, `rules[0]`. */
  readonly name?: string;
  readonly match: Match;
  /** S3 only: patterns of keys to leave alone. */
  readonly except?: string | readonly string[];
  readonly purge: Purge;
  readonly pages?: {
    /** The index document, e.g. `index.html`: a file URL that ends with it makes the URL of its directory stale, too. */
    readonly index?: string;
  };
  /** Default: a put invalidates, a delete deletes. */
  readonly action?: PurgeAction;
  /** Default: the purger's target. */
  readonly target?: Target;
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

/** What a change makes stale. */
export interface Mapping {
  /** Without duplicates, in the order of the rules. */
  readonly entries: readonly PurgeEntry[];
  /** Names of the rules that matched. */
  readonly rules: readonly string[];
  readonly problems: readonly MappingProblem[];
}

/** Compiled rules: from a change to what it makes stale. */
export interface RuleSet {
  map(change: OriginChange): Mapping;
}

interface CompiledRule {
  readonly name: string;
  readonly match: (change: OriginChange) => Variables | undefined;
  readonly templates: readonly CompiledTemplate[];
  readonly indexDocument: string | undefined;
  readonly scope: (change: OriginChange) => Scope;
}

interface CompiledTemplate {
  readonly template: Template;
  readonly kind: PurgeEntry['kind'];
}

/**
 * Compiles rules, once for the life of a function.
 * @param config as {@link import('./config.ts').checkMappingConfig} lets it pass
 * @throws PatternError for a pattern or template that cannot be read
 */
export function compileRules(config: MappingConfig): RuleSet {
  const rules = config.rules.map((rule, index) => compileRule(rule, `rules[${index}]`, config.target));
  return { map: (change) => mapChange(rules, change) };
}

function compileRule(rule: Rule, place: string, target: Target): CompiledRule {
  const { fileUrls = [], dirUrls = [], regexPatterns = [] } = rule.purge;
  return {
    name: rule.name ?? place,
    match: rule.match.source === 's3' ? compileObjectMatch(rule) : compileEntryMatch(rule.match),
    templates: [
      ...fileUrls.map((url) => ({ kind: 'file' as const, template: compileUrlTemplate(url) })),
      ...dirUrls.map((url) => ({ kind: 'dir' as const, template: compileUrlTemplate(url) })),
      ...regexPatterns.map((regex) => ({ kind: 'regex' as const, template: compileRegexTemplate(regex) })),
    ],
    indexDocument: rule.pages?.index,
    scope: ({ action }) => ({
      target: rule.target ?? target,
      action: rule.action ?? (action === 'delete' ? 'delete' : 'invalidate'),
    }),
  };
}

function compileObjectMatch({ match, except }: Rule): CompiledRule['match'] {
  const patterns = match.key === undefined ? undefined : listOf(match.key).map(compilePattern);
  const exceptions = listOf(except ?? []).map(compilePattern);
  return (change) => {
    if (!isObjectChange(change)) return undefined;
    if (match.bucket !== undefined && match.bucket !== change.bucket) return undefined;
    const captures = patterns === undefined ? {} : firstMatch(patterns, change.key);
    if (captures === undefined || firstMatch(exceptions, change.key) !== undefined) return undefined;
    return { bucket: change.bucket, key: change.key, ...captures };
  };
}

function compileEntryMatch(match: Match): CompiledRule['match'] {
  const types = match.type === undefined ? undefined : listOf(match.type);
  const locales = match.locale === undefined ? undefined : listOf(match.locale);
  return (change) => {
    if (isObjectChange(change) || change.source !== match.source) return undefined;
    if (match.webhook !== undefined && match.webhook !== change.webhook) return undefined;
    if (types !== undefined && !types.includes(change.type ?? '')) return undefined;
    if (locales !== undefined && !locales.includes(change.locale ?? '')) return undefined;
    return variablesOfEntry(change);
  };
}

function variablesOfEntry(change: EntryChange): Variables {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(change.fields)) {
    // An empty slug names no page; a template that needs it has to say so.
    if (value !== '') variables[name] = String(value);
  }
  const { id, type, locale, source, webhook } = change;
  const wellKnown = { id, type, locale, source, webhook };
  for (const [name, value] of Object.entries(wellKnown)) {
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}

function mapChange(rules: readonly CompiledRule[], change: OriginChange): Mapping {
  const entries = new Map<string, PurgeEntry>();
  const problems: MappingProblem[] = [];
  const matched: string[] = [];
  for (const rule of rules) {
    const variables = rule.match(change);
    if (variables === undefined) continue;
    matched.push(rule.name);
    for (const { kind, template } of rule.templates) {
      const expansion = template.expand(variables);
      if (expansion.kind === 'incomplete') {
        const names = expansion.missing.map((name) => `{${name}}`).join(', ');
        problems.push({ rule: rule.name, template: template.source, reason: `the change has no ${names}` });
        continue;
      }
      for (const text of withPages(kind, expansion.text, rule.indexDocument)) {
        const fault = faultOf(kind, text);
        if (fault !== undefined) problems.push({ rule: rule.name, template: template.source, reason: fault });
        else addEntry(entries, entryOf(kind, text, rule.scope(change)));
      }
    }
  }
  return { entries: [...entries.values()], rules: matched, problems };
}

/** A page's URL, and where it is an index document the URL of its directory, which serves the same page. */
function withPages(
  kind: PurgeEntry['kind'],
  url: string,
  indexDocument: string | undefined,
): readonly string[] {
  if (kind !== 'file' || indexDocument === undefined || !url.endsWith(`/${indexDocument}`)) return [url];
  return [url, url.slice(0, -indexDocument.length)];
}

function faultOf(kind: PurgeEntry['kind'], text: string): string | undefined {
  if (kind === 'file') return faultOfFileUrl(text);
  return kind === 'dir' ? faultOfDirUrl(text) : faultOfRegexPattern(text);
}

function entryOf(kind: PurgeEntry['kind'], text: string, scope: Scope): PurgeEntry {
  return kind === 'regex' ? { kind, pattern: text, ...scope } : { kind, url: text, ...scope };
}

function addEntry(entries: Map<string, PurgeEntry>, entry: PurgeEntry): void {
  entries.set(JSON.stringify(entry), entry);
}

function isObjectChange(change: OriginChange): change is ObjectChange {
  return change.source === 's3';
}

function firstMatch(patterns: readonly Pattern[], text: string): Captures | undefined {
  for (const pattern of patterns) {
    const captures = pattern.match(text);
    if (captures !== undefined) return captures;
  }
  return undefined;
}

/** A value or a list of values as a list. */
export function listOf<Value extends string>(value: Value | readonly Value[]): readonly Value[] {
  return typeof value === 'string' ? [value] : value;
}
