import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { openLimits } from '../purger/limits.ts';
import { type QuotaReport, quotaReport, type TokensReport } from '../queries/quota.ts';

const usage = `Usage: cdn-purger quota (--stack NAME | --ready FILE) [--json]

Says what is left of the day's tokens, who may spend them, and how many purge requests may go out now.

${purgerUsage}

Ends with 0, and with 2 where it cannot be told.`;

/** What is left of the limits? */
export const quotaCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }, { nowMs }) {
    refuseArguments(positionals);
    const purger = await connect(values);
    const state = await (await openLimits(purger)).read();
    const report = quotaReport(state, { ...purger, deployment: purger.queues.buffer }, nowMs());
    return {
      exitCode: 0,
      stdout: values.json === true ? JSON.stringify(report, null, 2) : describe(report),
    };
  },
});

function describe({
  target,
  files,
  dirs,
  isKnown,
  checkedAt,
  takedownsRefused,
  requests,
}: QuotaReport): string {
  const { left, limit, perSeconds, used, bucket, closedUntil, closedBy } = requests;
  return [
    `The day's tokens in ${target}${isKnown ? '' : ', of which it is not known how many were spent: CDN Pro is asked'}`,
    describeTokens('files', files),
    describeTokens('directories', dirs),
    ...(checkedAt === undefined ? [] : [`  compared with CDN Pro's own count at ${checkedAt}`]),
    ...(takedownsRefused === undefined
      ? []
      : [
          `  CDN Pro refused a takedown at ${takedownsRefused.at}: it allows no overdraft now, and is tried again from ${takedownsRefused.until} on`,
        ]),
    'Requests',
    `  ${left} may go out now: ${used} of ${limit} in ${perSeconds} s are used, the customer's bucket holds ${bucket}`,
    ...(closedUntil === undefined ? [] : [`  none before ${closedUntil}: ${closedBy}`]),
    ...(files.people === 0 || dirs.people === 0
      ? ['', ...nextCommands(['waiting', 'what waits for them; docs/quota.md says how to ask for more'])]
      : []),
  ].join('\n');
}

function describeTokens(name: string, { quota, left, people, bulk, takedown, backAt }: TokensReport): string {
  const back = backAt === undefined ? '' : `; the next one for people comes back at ${backAt}`;
  return `  ${name.padEnd(12)} ${left} of ${quota} left: bulk may have ${bulk}, people ${people}, takedowns ${takedown}${back}`;
}
