import { defineCommand, purgerOptions, purgerUsage } from '../../command.ts';
import { connect } from '../../purger/connect.ts';
import { readUrlFacts } from '../../purger/history/url-facts.ts';
import { describeWhy } from '../../queries/why/describe-why.ts';
import { readOneUrl } from '../../queries/why/read-url.ts';
import { matchUrl } from '../../queries/why/url-match.ts';
import { whyReport } from '../../queries/why/why.ts';

const usage = `Usage: cdn-purger why URL (--stack NAME | --ready FILE) [--json]

Says what happened to the newest change of a page or file: when it changed and by what, which purges it was in, how far
they are, or where it waits. It looks at 90 days of purges, by the URL itself and by directories and patterns that have
purged it, at what waits for tokens, and at the dead letters.

${purgerUsage}

Ends with 0 where the newest change is completed or fresh, 1 where it is not or nothing is known, and 2 where it cannot be told.`;

/** Why is it stale, or since when is it fresh? */
export const whyCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }, { nowMs }) {
    const url = readOneUrl(positionals);
    const purger = await connect(values);
    const match = matchUrl(url, purger.planning.cacheKey);
    const report = whyReport(url, match, await readUrlFacts(purger, match, { nowMs: nowMs() }));
    return {
      exitCode: report.state === 'completed' || report.state === 'fresh' ? 0 : 1,
      stdout: values.json === true ? JSON.stringify(report, null, 2) : describeWhy(report),
    };
  },
});
