import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { checkCdnPro } from '../doctor/cdn-pro.ts';
import type { Check } from '../doctor/check.ts';
import { checkMeasureOptions, runMeasure } from '../doctor/measure/run.ts';
import { checkAlarms, checkIsRunning, checkSwitches } from '../doctor/operation.ts';
import { checkBuckets, checkWebhooks } from '../doctor/sources.ts';
import { connect, type Purger } from '../purger/connect.ts';
import { UsageError } from '../usage-error.ts';

const usage = `Usage:
  cdn-purger doctor (--stack NAME | --ready FILE) [--json]
  cdn-purger doctor --measure --target staging [--yes] [--host HOST] [--url URL --edge ADDRESS] [--until-empty]
                    [--fixture FILE] (--stack NAME | --ready FILE) [--json]

Looks whether everything is set up: CDN Pro accepts the credentials, the rules' hosts are deployed, the quota is right,
webhooks have secrets and their URL answers, buckets send their events, alarms tell somebody. Each with the fix. It asks
CDN Pro three questions, which count as requests, and purges nothing.

With --measure it finds out what no document of CDN Pro says, by purges of pages that do not exist: what a token pays for, what
requests weigh, the largest body, how long purges take. It shows what that costs, and asks before it spends anything of
staging's quota of the day; then it prints the settings that should be other ones.

  --measure        measures, in place of the checks
  --target staging where: it is never done in production
  --yes            does not ask
  --host HOST      a host that is deployed in staging; by default one of the rules, else one of those that CDN Pro lists
  --url URL --edge ADDRESS  a page that this edge of staging keeps: which spellings of its URL are one entry of the cache
  --until-empty    spends all that is left of the day, to see what CDN Pro answers then
  --fixture FILE   writes what was seen, without hosts, URLs, IDs and credentials: cdn-purger dev --cdn-pro-fixture FILE runs by it
${purgerUsage}

Ends with 0 where nothing has failed (with --measure: where all could be told, and written), 1 where something has, and 2 where the command
is wrong. Ctrl-C ends a measurement before its next request, with 130: what was found until then is printed and written.`;

const measureOnly = ['target', 'yes', 'host', 'url', 'edge', 'until-empty', 'fixture'] as const;

/** Is everything set up? */
export const doctorCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    measure: { type: 'boolean' },
    target: { type: 'string' },
    yes: { type: 'boolean' },
    host: { type: 'string' },
    url: { type: 'string' },
    edge: { type: 'string' },
    'until-empty': { type: 'boolean' },
    fixture: { type: 'string' },
  },
  async run({ values, positionals }, surroundings) {
    refuseArguments(positionals);
    if (values.measure === true) {
      checkMeasureOptions(values);
      return runMeasure(await connect(values), values, surroundings);
    }
    const misplaced = measureOnly.find((name) => values[name] !== undefined);
    if (misplaced !== undefined) throw new UsageError(`Expected --${misplaced} with --measure, got it alone`);
    const purger = await connect(values);
    const stopped = values.ready === undefined ? [] : await checkIsRunning(purger, values.ready);
    const checks = stopped.length > 0 ? stopped : await checkAll(purger);
    const isWell = checks.every(({ result }) => result !== 'failed');
    return {
      exitCode: isWell ? 0 : 1,
      stdout: values.json === true ? JSON.stringify({ ok: isWell, checks }, null, 2) : describe(checks),
    };
  },
});

async function checkAll(purger: Purger): Promise<readonly Check[]> {
  const looks = [checkCdnPro, checkWebhooks, checkBuckets, checkSwitches, checkAlarms];
  return (await Promise.all(looks.map((look) => look(purger)))).flat();
}

function describe(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, result, found, fix }) => [
      `${result.padEnd(7)}  ${name.padEnd(width)}  ${found}`,
      ...(fix === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  fix: ${fix}`]),
    ])
    .join('\n');
}
