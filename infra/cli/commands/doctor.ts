import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { checkCdnPro } from '../doctor/cdn-pro.ts';
import type { Check } from '../doctor/check.ts';
import { checkAlarms, checkSwitches } from '../doctor/operation.ts';
import { checkBuckets, checkWebhooks } from '../doctor/sources.ts';
import { connect } from '../purger/connect.ts';

const usage = `Usage: cdn-purger doctor (--stack NAME | --ready FILE) [--json]

Looks whether everything is set up: CDN Pro accepts the credentials, the rules' hosts are deployed, the quota is right,
webhooks have secrets and their URL answers, buckets send their events, alarms tell somebody. Each with the fix. It asks
CDN Pro three questions, which count as requests, and purges nothing.

${purgerUsage}

Ends with 0 where nothing has failed, 1 where something has, and 2 where the command is wrong.`;

/** Is everything set up? */
export const doctorCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }) {
    refuseArguments(positionals);
    const purger = await connect(values);
    const looks = [checkCdnPro, checkWebhooks, checkBuckets, checkSwitches, checkAlarms];
    const checks = (await Promise.all(looks.map((look) => look(purger)))).flat();
    const isWell = checks.every(({ result }) => result !== 'failed');
    return {
      exitCode: isWell ? 0 : 1,
      stdout: values.json === true ? JSON.stringify({ ok: isWell, checks }, null, 2) : describe(checks),
    };
  },
});

function describe(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, result, found, fix }) => [
      `${result.padEnd(7)}  ${name.padEnd(width)}  ${found}`,
      ...(fix === undefined ? [] : [`${' '.repeat(9)}${' '.repeat(width)}  fix: ${fix}`]),
    ])
    .join('\n');
}
