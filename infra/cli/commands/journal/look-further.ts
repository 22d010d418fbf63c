import { keptMs } from '../../../../functions/aws/journal/url-index.ts';
import { byHandSource } from '../../../../functions/core/limits/tokens/lane.ts';
import { compileRules } from '../../../../functions/core/mapping/compile-rules.ts';
import type { ObjectChange } from '../../../../functions/core/model/types.ts';
import { describeAwsError } from '../../aws-error.ts';
import { DeployedRulesError } from '../../explain/purger/deployed-purger.ts';
import type { ExplainedPurger } from '../../explain/purger/explained-purger.ts';
import type { PurgingChange } from '../../explain/reverse/changes-that-purge.ts';
import { type PurgedUrl, purgedUrl } from '../../explain/reverse/purged-url.ts';
import type { Purger } from '../../purger/connect.ts';
import { lookNow } from '../../purger/edges/look-now.ts';
import type { LookOptions } from '../../purger/edges/look-options.ts';
import { NotAskedError } from '../../purger/edges/not-asked-error.ts';
import { readUrlLines } from '../../purger/logs/read-lines.ts';
import { readObjects } from '../../purger/objects/read-objects.ts';
import { type UrlLines, urlTerms } from '../../queries/logs/url-lines.ts';
import type { ObjectNow } from '../../queries/objects/object-now.ts';
import type { EdgesNow } from '../../queries/why/edge-now.ts';
import { isProvable, newestOf, type Step, stepsOf, type UrlFacts } from '../../queries/why/steps.ts';
import type { UrlMatch } from '../../queries/why/url-match.ts';
import type { WhyFacts } from '../../queries/why/why.ts';

/** Which logs are read. */
export interface LogOptions {
  /** From when on, in milliseconds. */
  readonly sinceMs: number;
  /** For how long at most, in milliseconds. */
  readonly longestMs: number;
}

/** Rules, and where they are from. */
export interface RulesOption {
  readonly from: 'this configuration' | 'the deployed purger';
  readonly read: () => Promise<ExplainedPurger>;
}

/** What is looked at in addition to the journal; what is missing is not. */
export interface FurtherOptions {
  readonly edges?: LookOptions;
  readonly logs?: LogOptions;
  readonly rules?: RulesOption;
}

/** A page, and what the journal has of it. */
export interface LookedAt {
  readonly url: string;
  readonly match: UrlMatch;
  readonly facts: UrlFacts & Partial<Pick<WhyFacts, 'knownSince' | 'queued' | 'paused'>>;
  readonly nowMs: () => number;
}

/** What else is known of a page. */
export interface Further extends Partial<Pick<PurgedUrl, 'leftOut' | 'withoutQuery'>> {
  /** Which changes purge it, by the rules. */
  readonly purgedBy?: readonly PurgingChange[];
  /** Where the rules are from. */
  readonly rulesFrom?: RulesOption['from'];
  readonly objects?: readonly ObjectNow[];
  readonly now?: EdgesNow;
  readonly logs?: UrlLines;
  /** What could not be looked at, and why: the rest is there all the same. */
  readonly problems?: readonly string[];
}

/** Looks where it takes seconds: at edges and objects, and into logs. */
export async function lookFurther(
  purger: Purger,
  { url, match, facts, nowMs }: LookedAt,
  { edges, logs: logOptions, rules }: FurtherOptions,
): Promise<Further> {
  const steps = stepsOf(facts, match);
  const problems: string[] = [];
  const noted = (what: string) => (error: unknown) => {
    const message =
      error instanceof NotAskedError || error instanceof DeployedRulesError
        ? error.message
        : describeAwsError(error);
    if (message === undefined) throw error;
    problems.push(`${what}: ${message}`);
    return undefined;
  };
  const explained = await rules?.read().catch(noted('rules'));
  const purged = explained && purgedUrl({ ...explained, cacheKey: explained.planning.cacheKey ?? {} }, url);
  const whole = wholeObjectsOf(purged?.changes ?? []);
  const ids = [...new Set([...objectsOf(steps), ...whole.map(({ id }) => id)])];
  // What changed since, whatever it was, may be what the page shows.
  const isUnchanged = steps.every(({ change }) => change?.source === byHandSource);
  const ownObjects = explained !== undefined && isUnchanged ? ownObjectsOf(whole, explained, match) : [];
  const looksAtObjects = ids.length > 0 && (edges !== undefined || explained !== undefined);
  const [objects, now, logs] = await Promise.all([
    looksAtObjects
      ? readObjects(purger, ids, {
          ...facts,
          steps,
          knownSinceMs: knownSinceMs(steps, facts, nowMs()),
        }).catch(noted('objects'))
      : undefined,
    edges && lookNow(purger, url, { match, facts, ownObjects, nowMs: nowMs() }, edges).catch(noted('edges')),
    logOptions &&
      readUrlLines(purger, { ...logOptions, terms: urlTerms(url, ids), nowMs }).catch(noted('logs')),
  ]);
  return {
    ...(purged && rules && rulesFound(purged, rules.from)),
    ...(objects && { objects }),
    ...(now && { now }),
    ...(logs && { logs }),
    ...(problems.length > 0 && { problems }),
  };
}

function rulesFound({ changes, leftOut, withoutQuery }: PurgedUrl, rulesFrom: RulesOption['from']): Further {
  return {
    purgedBy: changes,
    rulesFrom,
    ...(leftOut && { leftOut }),
    ...(withoutQuery !== undefined && { withoutQuery }),
  };
}

/** The journal is read as far back as the newest change of the page is; for a page without one, to its beginning. */
function knownSinceMs(
  steps: readonly Step[],
  { knownSince = 'none' }: LookedAt['facts'],
  nowMs: number,
): number {
  const firstDayMs = Date.parse(knownSince);
  return newestOf(steps)?.changedMs ?? (Number.isNaN(firstDayMs) ? nowMs - keptMs : firstDayMs);
}

/** Those that have changed, the last one first, of which the page is a file. */
function objectsOf(steps: readonly Step[]): readonly string[] {
  return steps
    .toSorted((a, b) => b.changedMs - a.changedMs)
    .flatMap(({ change, entry }) => (change?.source === 's3' && isProvable(entry) ? [change.id] : []));
}

/** Those of which a rule makes the URL itself, and that the rules name in full. */
function wholeObjectsOf(changes: readonly PurgingChange[]): readonly ObjectChange[] {
  return changes.flatMap(({ change, example, entry }) =>
    example.source === 's3' && example.id === change && entry.kind === 'file'
      ? [example as ObjectChange]
      : [],
  );
}

/** Those of which the page is the file itself, and not one that only shows them. */
function ownObjectsOf(
  changes: readonly ObjectChange[],
  { mapping }: ExplainedPurger,
  { matches }: UrlMatch,
): readonly string[] {
  const rules = compileRules(mapping);
  const isOwn = (change: ObjectChange) => {
    const shown = { ...change, shows: { sinceMs: 0 } };
    const { entries } = rules.map(shown);
    return entries.some((entry) => isProvable(entry) && matches(entry));
  };
  return [...new Set(changes.filter(isOwn).map(({ id }) => id))];
}
