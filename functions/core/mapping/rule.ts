import type {
  ChangeAction,
  Lane,
  Mode,
  OriginChange,
  PurgeAction,
  PurgeEntry,
  Target,
} from '../model/types.ts';
import type { Captures } from './patterns/pattern.ts';
import type { RuleProof } from './patterns/proof.ts';
import type { Encoding } from './urls/encodings.ts';
import type { FileHeaders } from './urls/header-sets.ts';
import type { Pages } from './urls/pages.ts';

/** One value, or a list of them. */
export type OneOrMore<Value> = Value | readonly Value[];

/** @returns one value, or a list of them, as a list; nothing as an empty one */
export function listOf<Value>(value: OneOrMore<Value> | undefined): readonly Value[] {
  if (value === undefined) return [];
  return isList(value) ? value : [value];
}

function isList<Value>(value: OneOrMore<Value>): value is readonly Value[] {
  return Array.isArray(value);
}

/** Conditions on the values of a change: each that is given has to hold, by at least one of its patterns. */
export interface Conditions {
  /** S3 only: the bucket. */
  readonly bucket?: OneOrMore<string>;
  /** S3 only: the whole key, e.g. `site/{+path}`. */
  readonly key?: OneOrMore<string>;
  /** S3 only: what the key begins with, as a plain string. */
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

/** Which changes a rule matches. */
export interface Match extends Conditions {
  /** `s3`, or the source of a webhook: `contentful`, `standard-webhooks`. */
  readonly source: string;
  /** @default - both */
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
  /**
   * The versions of each file that headers tell apart.
   * @default - the version without headers
   */
  readonly fileHeaders?: FileHeaders;
  /**
   * Whether each file is purged in all versions, as a `dirUrls` entry without a wildcard.
   * @default false
   */
  readonly variants?: boolean;
  /** Query strings that each file is also requested with, e.g. `format=amp`. */
  readonly queries?: readonly string[];
  /**
   * How values are encoded in paths; each encoding gives separate URLs.
   * @default - `browser`, and for S3 objects `s3` and `plus`, too, where the key has a plus or a space
   */
  readonly encodings?: readonly Encoding[];
}

/** What a user writes: which changes it matches, and which URLs they make stale. All rules that match apply. */
export interface Rule {
  /**
   * Names the rule in logs.
   * @default - its index, `rules[0]`
   */
  readonly name?: string;
  readonly match: Match;
  /** What to leave alone: patterns of keys, or conditions that have to hold together. */
  readonly except?: OneOrMore<string | Conditions>;
  readonly purge: Purge;
  readonly pages?: Pages;
  /**
   * CMS only: by what the entry's own files are proven to be fresh.
   * @default - they are not proven
   */
  readonly proof?: RuleProof;
  /** @default - a put invalidates, a delete deletes */
  readonly action?: PurgeAction;
  /** @default - the purger's target */
  readonly target?: Target;
  /**
   * Seconds that the purge waits in the purge queue, 0 to 900.
   * @default 0
   */
  readonly delaySeconds?: number;
  /**
   * Seconds after the first purge until a second one, 1 to 900 less the delay.
   * @default - no second purge
   */
  readonly repeatAfterSeconds?: number;
  /** ID of a CDN Pro webhook to call when the purge completes. */
  readonly webhook?: string;
  /**
   * Who goes first where the day's URLs or the requests are short: takedowns, then people, then bulk.
   * @default - a delete is a takedown, and of a burst all but the first entries are bulk
   */
  readonly lane?: Lane;
}

/** What the functions need to map changes. Travels inside their assets as JSON. */
export interface MappingConfig {
  readonly target: Target;
  /**
   * The hosts that a value may name, where it decides the host: `*.example.com` are all below one.
   * @default - any
   */
  readonly allowedHosts?: readonly string[];
  readonly rules: readonly Rule[];
  /** What was only observed is not remembered as purged: an object counts as purged by the same mapping alone. */
  readonly mode?: Mode;
}

/** A URL that a rule asked for and that cannot be purged. */
export interface MappingProblem {
  readonly rule: string;
  readonly template: string;
  readonly reason: string;
  /** Whether it is about a URL, which stays stale, and not about values that make none. */
  readonly isUrl?: true;
}

/** Entries with the same delay, in the same lane. */
export interface ScheduledEntries {
  readonly delaySeconds: number;
  /** The lane that their rules name; missing where they name none. */
  readonly lane?: Lane;
  /** Purges by prefix that no user asked for. */
  readonly byPrefix?: true;
  readonly entries: readonly PurgeEntry[];
}

/** What a change makes stale. */
export interface MappingResult {
  /** Without duplicates, in the order of the rules. */
  readonly entries: readonly PurgeEntry[];
  /** The entries by their delay, the shortest first, and by their lane; an entry that is purged twice is in two. */
  readonly schedule: readonly ScheduledEntries[];
  /** Names of the rules that matched. */
  readonly rules: readonly string[];
  readonly problems: readonly MappingProblem[];
  /** No rule matched, and an exception alone kept one from it. */
  readonly isExcepted?: true;
}

/** What one rule makes of a change. */
export type RuleExplanation =
  | {
      readonly rule: string;
      readonly matched: true;
      readonly captures: Captures;
      readonly entries: readonly PurgeEntry[];
      readonly delaysSeconds: readonly number[];
      readonly problems: readonly MappingProblem[];
      /** URLs that the change does not have, since it lacks what it may lack. */
      readonly omitted: readonly MappingProblem[];
    }
  | { readonly rule: string; readonly matched: false; readonly reason: string };

/** Compiled rules: from a change to what it makes stale. */
export interface RuleSet {
  /** @param latest what happened last to the object, where a newer change supersedes this one; else its own action */
  map(change: OriginChange, latest?: ChangeAction): MappingResult;
}
