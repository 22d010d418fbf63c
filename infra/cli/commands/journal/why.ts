import type { PurgerConfig } from '../../../settings/purger-config.ts';
import { defineCommand, purgerOptions, purgerUsage } from '../../command.ts';
import type { ExplainedPurger } from '../../explain/purger/explained-purger.ts';
import { connect, type Purger } from '../../purger/connect.ts';
import { readLookOptions } from '../../purger/edges/look-options.ts';
import { readUrlFacts } from '../../purger/history/url-facts.ts';
import { readTime } from '../../queries/time.ts';
import { describeFacts, describeWhy } from '../../queries/why/describe-why.ts';
import { whySteps } from '../../queries/why/next-steps.ts';
import { readOneUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { type WhyReport, whyReport } from '../../queries/why/why.ts';
import type { FurtherOptions } from './look-further.ts';
import { readConfig } from './read-config.ts';
import { whyExitCode } from './why-exit-code.ts';

const usage = `Usage: cdn-purger why URL [--edge] [--edge-at ADDRESS]... [--origin URL] [--config FILE [--stage NAME]]
                          [--logs TIME] (--stack NAME | --ready FILE) [--json]

Says what happened to the newest change of a page or file: when it changed and by what, which rules it matched, which messages
and purges it was in, how far they are, or where it waits. It looks at 90 days of purges, by the URL itself and by directories
and patterns that have purged it, at what waits for tokens, and at the dead letters.

  --edge             look at the page, too: what an edge shows now against the origin. Asks where the host's name leads, and
                     the edges of probe.edges
  --edge-at ADDRESS  the same, of an edge that you name: 203.0.113.7, [2001:db8::7]:8443 or http://127.0.0.1:8080
  --origin URL       the same, against an origin that you name; scheme and host alone for the same path. Default: the S3
                     object, if one has changed (s3:GetObject), or what its change said; where none has, that of --config
  --config FILE      by the rules of this configuration: which changes purge the page, or why they are left out, and whether the
                     newest ones of the objects that it comes from have arrived. --stage: its stage, by default the first.
                     Default: the rules of the deployed purger, where nothing is known of the page
  --logs TIME        what the functions' logs have of it from then on, such as 3h or 2026-11-26T08:00:00Z, and what receivers have
                     left out or refused since, such as a webhook that does not verify. Takes up to 30 s. Default: the last hour
                     where nothing is known of the page, else none
${purgerUsage}

Ends with 0 where the newest change is completed or fresh, and nothing that was looked at in addition says otherwise; 1 where that is
not so or nothing is known; 2 where it cannot be told, as where an edge, an origin or logs that you ask for do not answer.`;

/** Why is it stale, or since when is it fresh? */
export const whyCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    edge: { type: 'boolean' },
    'edge-at': { type: 'string', multiple: true },
    origin: { type: 'string' },
    config: { type: 'string' },
    stage: { type: 'string' },
    logs: { type: 'string' },
  },
  async run({ values, positionals }, { nowMs, print }) {
    const url = readOneUrl(positionals);
    const asked = await readFurther(url, values, nowMs());
    const purger = await connect(values);
    const match = matchUrl(url, purger.planning.cacheKey, purger.target);
    const facts = await readUrlFacts(purger, match, { nowMs: nowMs() });
    const report = whyReport(url, match, facts, {
      logs: values.logs !== undefined,
      rules: values.config !== undefined || purger.functions !== undefined,
    });
    const further = report.state === 'unknown' ? withCause(asked, purger, nowMs()) : asked;
    if (further === undefined) return { exitCode: whyExitCode(report), stdout: printed(report, values) };
    // What comes in addition may take seconds, and so may its code.
    if (values.json !== true) print(`${describeFacts(report)}\n`);
    const [{ lookFurther }, { describeFurther }] = await Promise.all([
      import('./look-further.ts'),
      import('./describe-further.ts'),
    ]);
    const found = await lookFurther(purger, { url, match, facts, nowMs }, further);
    return {
      exitCode: whyExitCode(report, asked, found),
      stdout:
        values.json === true
          ? JSON.stringify({ ...report, ...found }, null, 2)
          : describeFurther(url, found, whySteps(report)),
    };
  },
});

function printed(report: WhyReport, { json }: { readonly json?: boolean }): string {
  return json === true ? JSON.stringify(report, null, 2) : describeWhy(report);
}

interface FurtherValues {
  readonly edge?: boolean;
  readonly 'edge-at'?: readonly string[];
  readonly origin?: string;
  readonly config?: string;
  readonly stage?: string;
  readonly logs?: string;
}

/** @returns what to look at in addition; undefined where that is nothing */
async function readFurther(
  url: string,
  { edge = false, 'edge-at': edgeAt = [], origin, config, stage, logs }: FurtherValues,
  nowMs: number,
): Promise<FurtherOptions | undefined> {
  const loaded = await readConfig(config, stage);
  const looksNow = edge || edgeAt.length > 0 || origin !== undefined;
  if (!looksNow && loaded === undefined && logs === undefined) return undefined;
  return {
    ...(looksNow && { edges: readLookOptions(url, { edgeAt, origin }) }),
    ...(loaded && { rules: { from: 'this configuration', read: async () => purgerOf(loaded) } }),
    ...(logs !== undefined && { logs: { sinceMs: readTime('--logs', logs, nowMs), longestMs: 30_000 } }),
  };
}

/** Why nothing has happened the rules say, and the logs, which are read for an hour back unasked, and not for long. */
function withCause(
  asked: FurtherOptions | undefined,
  purger: Purger,
  nowMs: number,
): FurtherOptions | undefined {
  const { clients, logGroups = [], functions } = purger;
  const hasLogs = clients.logs !== undefined && logGroups.length > 0;
  const read = async () => {
    const { readDeployed } = await import('../../explain/purger/deployed-purger.ts');
    return readDeployed(purger);
  };
  if (!hasLogs && functions === undefined) return asked;
  return {
    ...(hasLogs && { logs: { sinceMs: nowMs - 3_600_000, longestMs: 3_000 } }),
    ...(functions !== undefined && { rules: { from: 'the deployed purger', read } }),
    ...asked,
  };
}

/** Explaining takes code that most calls do not need. */
async function purgerOf(config: PurgerConfig): Promise<ExplainedPurger> {
  const { purgerOfConfig } = await import('../../explain/purger/explained-purger.ts');
  return purgerOfConfig(config);
}
