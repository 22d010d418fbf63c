import type { PurgeEntry } from '../../../../functions/core/model/types.ts';
import type { PurgerConfig } from '../../../settings/purger-config.ts';
import {
  type CommandResult,
  defineCommand,
  purgerOptions,
  purgerUsage,
  refuseArguments,
} from '../../command.ts';
import { changesThatPurge } from '../../explain/reverse/changes-that-purge.ts';
import { connect, type Purger } from '../../purger/connect.ts';
import { openHistory } from '../../purger/history/history.ts';
import { readUrlFacts } from '../../purger/history/url-facts.ts';
import { openParked, readParked } from '../../purger/parked.ts';
import { describeObserved } from '../../queries/describe-observed.ts';
import { observedReport } from '../../queries/observed.ts';
import { describeProblem, readUrls } from '../../queries/purge-by-hand.ts';
import { readTime } from '../../queries/time.ts';
import { describeWhy } from '../../queries/why/describe-why.ts';
import { readFileUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { whyReport } from '../../queries/why/why.ts';
import { readNamedFile, readUrlLines } from '../../read-file.ts';
import { UsageError } from '../../usage-error.ts';
import { readConfig } from './read-config.ts';

const usage = `Usage:
  cdn-purger report [--since TIME] [--list FILE [--config FILE [--stage NAME]]] (--stack NAME | --ready FILE) [--json]
  cdn-purger report --url URL (--stack NAME | --ready FILE) [--json]

Says what a purger with mode: 'observe' would have purged: what it would have spent, and what would have waited. With --url it
exports what happened to a page or file in 90 days, for an audit: each change, each purge of it with its end, who purged it by
hand and why. cdn-purger why has the newest alone.

  --since TIME  from when on, such as 2026-11-26T08:00:00Z or 7d. Default: 7d
  --list FILE   what something else purged in that time, a URL on each line in the forms of cdn-purger purge: says which of it
                would not have been purged
  --config FILE  of those, which no rule of this configuration purges, whatever changes. --stage: its stage, by default the first
${purgerUsage}

Ends with 0 where something is known (with --list: where all of it would have been purged), 1 where it is not, and 2 where it
cannot be told.`;

/** What would have been purged, or what happened to a URL? */
export const reportCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    url: { type: 'string' },
    since: { type: 'string' },
    list: { type: 'string' },
    config: { type: 'string' },
    stage: { type: 'string' },
  },
  async run({ values, positionals }, { nowMs }) {
    refuseArguments(positionals);
    const { url, since, list, config: file, stage } = values;
    const json = values.json === true;
    const other = (['since', 'list', 'config', 'stage'] as const).find((name) => values[name] !== undefined);
    if (url !== undefined && other !== undefined) {
      throw new UsageError(`Expected --url alone, got --${other}, too`);
    }
    if (file !== undefined && list === undefined) {
      throw new UsageError('Expected --config with the --list that it is about, got --config alone');
    }
    if (url === undefined) {
      const sinceMs = readTime('--since', since ?? '7d', nowMs());
      const urls = list === undefined ? undefined : readListFile(list);
      const config = await readConfig(file, stage);
      const purger = await connect(values);
      return reportObserved(purger, { sinceMs, nowMs: nowMs(), urls, config, json });
    }
    const read = readFileUrl(url);
    return reportUrl(read, await connect(values), nowMs(), json);
  },
});

interface Observed {
  readonly sinceMs: number;
  readonly nowMs: number;
  /** What something else purges, as it was given. */
  readonly urls: readonly string[] | undefined;
  /** Whose rules are asked about them. */
  readonly config: PurgerConfig | undefined;
  readonly json: boolean;
}

async function reportObserved(
  purger: Purger,
  { sinceMs, nowMs, urls, config, json }: Observed,
): Promise<CommandResult> {
  const list = urls && readListed(urls, purger);
  const parked = await readParked(await openParked(purger));
  const purges = await (await openHistory(purger, nowMs)).since(sinceMs);
  const { tokenUnit } = purger.limits;
  const { cacheKey } = purger.planning;
  const report = observedReport(
    {
      purges,
      parked,
      ...(list !== undefined && { list }),
      tokenUnit,
      cacheKey,
      ...(config && {
        isPurgeable: (url: string) =>
          changesThatPurge(config, url).some(({ target }) => target === undefined),
      }),
    },
    sinceMs,
    nowMs,
  );
  const isUncovered = (report.list?.uncovered.length ?? 0) > 0;
  return {
    exitCode: report.requests > 0 && !isUncovered ? 0 : 1,
    stdout: json ? JSON.stringify(report, null, 2) : describeObserved(report, purger.mode === 'observe'),
  };
}

/** @throws UsageError where it cannot be read, or has none */
function readListFile(file: string): readonly string[] {
  const urls = readUrlLines(readNamedFile('--list', file, 'a file of URLs'));
  if (urls.length > 0) return urls;
  throw new UsageError(`Expected --list to be a file of URLs, but ${file} has none`);
}

/** @throws UsageError where something of the list is no URL that can be purged */
function readListed(urls: readonly string[], { target }: Purger): readonly PurgeEntry[] {
  const { entries, problems } = readUrls(urls, { target, action: 'invalidate' });
  const [problem] = problems;
  if (problem === undefined) return entries;
  throw new UsageError(`--list: ${describeProblem(problem)}`);
}

async function reportUrl(url: string, purger: Purger, nowMs: number, json: boolean): Promise<CommandResult> {
  const match = matchUrl(url, purger.planning.cacheKey, purger.target);
  const report = whyReport(url, match, await readUrlFacts(purger, match, { nowMs, all: true }));
  return {
    exitCode: report.state === 'unknown' ? 1 : 0,
    stdout: json ? JSON.stringify(report, null, 2) : describeWhy(report, Number.POSITIVE_INFINITY),
  };
}
