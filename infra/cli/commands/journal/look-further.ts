import { keptMs } from '../../../../functions/aws/journal/url-index.ts';
import type { PurgerConfig } from '../../../settings/purger-config.ts';
import { describeAwsError } from '../../aws-error.ts';
import { changesThatPurge, type PurgingChange } from '../../explain/reverse/changes-that-purge.ts';
import { describePurgedUrl } from '../../explain/reverse/print-purging-changes.ts';
import type { Purger } from '../../purger/connect.ts';
import { type LookOptions, lookNow } from '../../purger/edges/look-now.ts';
import { readUrlLines } from '../../purger/logs/read-lines.ts';
import { readObjects } from '../../purger/objects/read-objects.ts';
import { describeLines } from '../../queries/logs/describe-lines.ts';
import { type UrlLines, urlTerms } from '../../queries/logs/url-lines.ts';
import { describeObjects } from '../../queries/objects/describe-objects.ts';
import type { ObjectNow } from '../../queries/objects/object-now.ts';
import { describeEdges } from '../../queries/why/describe-edges.ts';
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

/** What is looked at in addition to the journal; what is missing is not. */
export interface FurtherOptions {
  readonly edges?: LookOptions;
  readonly logs?: LogOptions;
  readonly config?: PurgerConfig;
}

/** A page, and what the journal has of it. */
export interface LookedAt {
  readonly url: string;
  readonly match: UrlMatch;
  readonly facts: UrlFacts & Pick<WhyFacts, 'knownSince'>;
  readonly nowMs: () => number;
}

/** What else is known of a page. */
export interface Further {
  /** Which changes purge it, by the rules of the configuration. */
  readonly purgedBy?: readonly PurgingChange[];
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
  { edges, logs: logOptions, config }: FurtherOptions,
): Promise<Further> {
  const steps = stepsOf(facts, match);
  const purgedBy = config && changesThatPurge(config, url);
  const ids = [...new Set([...objectsOf(steps), ...wholeObjectsOf(purgedBy ?? [])])];
  const looksAtObjects = ids.length > 0 && (edges !== undefined || config !== undefined);
  const problems: string[] = [];
  const noted = (what: string) => (error: unknown) => {
    const message = describeAwsError(error);
    if (message === undefined) throw error;
    problems.push(`${what}: ${message}`);
    return undefined;
  };
  const [objects, now, logs] = await Promise.all([
    looksAtObjects
      ? readObjects(purger, ids, {
          steps,
          letters: facts.letters,
          knownSinceMs: knownSinceMs(steps, facts, nowMs()),
        }).catch(noted('objects'))
      : undefined,
    edges && lookNow(purger, url, { match, facts, nowMs: nowMs() }, edges),
    logOptions &&
      readUrlLines(purger, { ...logOptions, terms: urlTerms(url, ids), nowMs }).catch(noted('logs')),
  ]);
  return {
    ...(purgedBy && { purgedBy }),
    ...(objects && { objects }),
    ...(now && { now }),
    ...(logs && { logs }),
    ...(problems.length > 0 && { problems }),
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
function wholeObjectsOf(changes: readonly PurgingChange[]): readonly string[] {
  return changes.flatMap(({ change, example, entry }) =>
    example.source === 's3' && example.id === change && entry.kind === 'file' ? [example.id] : [],
  );
}

/** @returns in words what else is known of a page */
export function describeFurther(url: string, { purgedBy, objects, now, logs, problems }: Further): string {
  const parts = [
    purgedBy &&
      `What purges it, by the rules of this configuration:\n${describePurgedUrl({ url, changes: purgedBy })}`,
    objects && describeObjects(objects),
    now && describeEdges(url, now),
    logs && describeLines(logs),
    problems && ['Not looked at:', ...problems.map((each) => `  ${each}`)].join('\n'),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}
