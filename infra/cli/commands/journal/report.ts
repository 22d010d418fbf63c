import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../../command.ts';
import { connect } from '../../purger/connect.ts';
import { readUrlFacts } from '../../purger/history/url-facts.ts';
import { describeWhy } from '../../queries/why/describe-why.ts';
import { readFileUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { whyReport } from '../../queries/why/why.ts';
import { UsageError } from '../../usage-error.ts';

const usage = `Usage: cdn-purger report --url URL (--stack NAME | --ready FILE) [--json]

Exports what happened to a page or file in 90 days, for an audit: each change, each purge of it with its end, who purged it by
hand and why. cdn-purger why has the newest alone.

${purgerUsage}

Ends with 0 where something is known, 1 where nothing is, and 2 where it cannot be told.`;

/** What happened to a URL, in full? */
export const reportCommand = defineCommand({
  usage,
  options: { ...purgerOptions, url: { type: 'string' } },
  async run({ values, positionals }, { nowMs }) {
    refuseArguments(positionals);
    if (values.url === undefined) throw new UsageError('Expected --url URL, got none');
    const url = readFileUrl(values.url);
    const purger = await connect(values);
    const match = matchUrl(url, purger.planning.cacheKey);
    const report = whyReport(url, match, await readUrlFacts(purger, match, { nowMs: nowMs(), all: true }));
    return {
      exitCode: report.state === 'unknown' ? 1 : 0,
      stdout:
        values.json === true
          ? JSON.stringify(report, null, 2)
          : describeWhy(report, Number.POSITIVE_INFINITY),
    };
  },
});
