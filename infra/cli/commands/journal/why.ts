import { defineCommand, purgerOptions, purgerUsage } from '../../command.ts';
import { connect } from '../../purger/connect.ts';
import { lookNow } from '../../purger/edges/look-now.ts';
import { readUrlFacts } from '../../purger/history/url-facts.ts';
import { readUrlLines } from '../../purger/logs/read-lines.ts';
import { describeLines } from '../../queries/logs/describe-lines.ts';
import { urlTerms } from '../../queries/logs/url-lines.ts';
import { readTime } from '../../queries/time.ts';
import { describeEdges } from '../../queries/why/describe-edges.ts';
import { describeWhy } from '../../queries/why/describe-why.ts';
import { readOneUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { type WhyReport, whyReport } from '../../queries/why/why.ts';

const usage = `Usage: cdn-purger why URL [--edge] [--edge-at ADDRESS]... [--origin URL] [--logs TIME]
                      (--stack NAME | --ready FILE) [--json]

Says what happened to the newest change of a page or file: when it changed and by what, which rules it matched, which messages
and purges it was in, how far they are, or where it waits. It looks at 90 days of purges, by the URL itself and by directories
and patterns that have purged it, at what waits for tokens, and at the dead letters.

  --edge             look at the page, too: what an edge shows now against the origin. Asks where the host's name leads, and
                     the edges of probe.edges
  --edge-at ADDRESS  the same, of an edge that you name: 203.0.113.7, [2001:db8::7]:8443 or http://127.0.0.1:8080
  --origin URL       the same, against an origin that you name; scheme and host alone for the same path. Default: the S3
                     object, if one has changed (s3:GetObject), or what its change said
  --logs TIME        what the functions' logs have of it from then on, such as 3h or 2026-11-26T08:00:00Z, and what receivers have
                     left out or refused since, such as a webhook that does not verify. Takes up to 30 s
${purgerUsage}

Ends with 0 where the newest change is completed or fresh, and no edge shows an older version; 1 where that is not so or nothing is
known; 2 where it cannot be told.`;

/** Why is it stale, or since when is it fresh? */
export const whyCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    edge: { type: 'boolean' },
    'edge-at': { type: 'string', multiple: true },
    origin: { type: 'string' },
    logs: { type: 'string' },
  },
  async run({ values, positionals }, { nowMs, print }) {
    const url = readOneUrl(positionals);
    const { json = false, edge = false, 'edge-at': edgeAt = [], origin, logs } = values;
    const sinceMs = logs === undefined ? undefined : readTime('--logs', logs, nowMs());
    const purger = await connect(values);
    const match = matchUrl(url, purger.planning.cacheKey);
    const facts = await readUrlFacts(purger, match, { nowMs: nowMs() });
    const report = whyReport(url, match, facts);
    const isWell = report.state === 'completed' || report.state === 'fresh';
    const looksNow = edge || edgeAt.length > 0 || origin !== undefined;
    if (!looksNow && sinceMs === undefined) {
      return { exitCode: isWell ? 0 : 1, stdout: json ? toJson(report) : describeWhy(report) };
    }
    // The edges and logs may take seconds.
    if (!json) print(`${describeWhy(report)}\n`);
    const terms = urlTerms(url, objectsOf(report));
    const [now, logLines] = await Promise.all([
      looksNow ? lookNow(purger, url, { match, facts, nowMs: nowMs() }, { edgeAt, origin }) : undefined,
      sinceMs === undefined ? undefined : readUrlLines(purger, { terms, sinceMs, nowMs }),
    ]);
    const isOlder = now?.edges.some(({ version }) => version === 'older') ?? false;
    const more = [...(now ? [describeEdges(now)] : []), ...(logLines ? [describeLines(logLines)] : [])];
    return {
      exitCode: isWell && !isOlder ? 0 : 1,
      stdout: json
        ? toJson({ ...report, ...(now && { now }), ...(logLines && { logs: logLines }) })
        : more.join('\n\n'),
    };
  },
});

function toJson(report: WhyReport): string {
  return JSON.stringify(report, null, 2);
}

/** The objects that have changed it. */
function objectsOf({ changes }: WhyReport): readonly string[] {
  return [...new Set(changes.flatMap(({ source, id }) => (source === 's3' ? [id] : [])))];
}
