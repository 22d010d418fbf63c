import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { printable } from '../printable.ts';
import { connect } from '../purger/connect.ts';
import { openLimits } from '../purger/limits.ts';
import {
  type QuotaReport,
  quotaReport,
  type RequestsReport,
  type ThrottledReport,
  type TokensReport,
} from '../queries/quota.ts';

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

function describe(report: QuotaReport): string {
  const { target, files, dirs, isKnown, othersKnownSince, checkedAt, takedownsRefused, requests } = report;
  const isShort = files.people === 0 || dirs.people === 0;
  return [
    `The day's tokens in ${target}${isKnown ? '' : ', of which it is not known how many were spent: CDN Pro is asked'}`,
    ...describeTokens('files', files),
    ...describeTokens('directories', dirs),
    ...(othersKnownSince === undefined
      ? []
      : [`  what others on the account spend is noted since ${othersKnownSince}`]),
    ...(checkedAt === undefined ? [] : [`  compared with CDN Pro's own count at ${checkedAt}`]),
    ...(takedownsRefused === undefined
      ? []
      : [
          `  CDN Pro refused a takedown at ${takedownsRefused.at}: it allows no overdraft now, and is tried again from ${takedownsRefused.until} on`,
        ]),
    'Requests',
    ...describeRequests(requests),
    ...(isShort
      ? ['', ...nextCommands(['waiting', 'what waits for them; docs/quota.md says how to ask for more'])]
      : []),
  ].join('\n');
}

function describeTokens(name: string, tokens: TokensReport): readonly string[] {
  const { quota, left, people, bulk, takedown, spent, leftByCdnPro, backAt } = tokens;
  const byCdnPro = leftByCdnPro === undefined ? '' : `; by CDN Pro's count, ${leftByCdnPro} were left`;
  return [
    `  ${name.padEnd(12)} ${left} of ${quota} left: bulk may have ${bulk}, people ${people}, takedowns ${takedown}`,
    `  ${''.padEnd(12)} in 24 hours this purger has spent ${spent.own}, others on the account ${spent.others}${byCdnPro}`,
    ...(backAt === undefined
      ? []
      : [`  ${''.padEnd(12)} the next one for people is expected at ${backAt}, an estimate`]),
  ];
}

function describeRequests(requests: RequestsReport): readonly string[] {
  const { left, limit, perSeconds, used, bucket, bucketBurst, bucketPerMinute } = requests;
  const { closedUntil, closedBy, throttled } = requests;
  return [
    `  ${left} may go out now`,
    `  this purger's window: ${used} of ${limit} in ${perSeconds} s are used`,
    `  the customer's bucket, shared with everybody on the account: about ${bucket} of ${bucketBurst} left, and ${bucketPerMinute} a minute come back`,
    ...(throttled === undefined ? [] : [describeThrottled(throttled)]),
    ...(closedUntil === undefined ? [] : [`  none before ${closedUntil}: ${closedBy}`]),
  ];
}

const limitNames = { bucket: "likely by the customer's bucket", window: "likely by the user's window" };

function describeThrottled({ at, limit, message, requestId }: ThrottledReport): string {
  return [
    `  CDN Pro last answered 429 at ${at}`,
    ...(limit === undefined ? [] : [limitNames[limit]]),
    ...(requestId === undefined ? [] : [`request ${printable(requestId)}`]),
    ...(message === undefined ? [] : [`in its words: ${printable(message)}`]),
  ].join(', ');
}
