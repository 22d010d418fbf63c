import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { type NextCommand, nextCommands } from '../next.ts';
import { printable } from '../printable.ts';
import { connect } from '../purger/connect.ts';
import { openLimits } from '../purger/limits.ts';
import {
  type QuotaReport,
  quotaReport,
  type RequestsReport,
  type ThrottledReport,
  type TokensReport,
  throttledBy,
} from '../queries/quota.ts';
import { nextOfRefused } from '../queries/status-steps.ts';

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
    const askedMs = nowMs();
    const report = quotaReport(state, purger, askedMs);
    return {
      exitCode: 0,
      stdout: values.json === true ? JSON.stringify(report, null, 2) : describeQuota(report, askedMs),
    };
  },
});

/** @returns a report in words, and what to do */
export function describeQuota(report: QuotaReport, nowMs: number): string {
  const { target, files, dirs, isKnown, othersKnownSince, checkedAt, takedownsRefused, requests } = report;
  const steps = stepsOf(report, nowMs);
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
    ...(steps.length === 0 ? [] : ['', ...nextCommands(...steps)]),
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
  const { closedUntil, closedBy, throttled, credentialsRefusedUntil } = requests;
  return [
    `  ${left} may go out now`,
    `  this purger's window: ${used} of ${limit} in ${perSeconds} s are used`,
    `  the customer's bucket, shared with everybody on the account: about ${bucket} of ${bucketBurst} left, and ${bucketPerMinute} a minute come back`,
    ...(throttled === undefined ? [] : describeThrottled(throttled)),
    ...(closedUntil === undefined ? [] : [`  none before ${closedUntil}: ${closedBy}`]),
    ...(closedUntil !== undefined || credentialsRefusedUntil === undefined
      ? []
      : [`  CDN Pro refused the credentials: a request tries again since ${credentialsRefusedUntil}`]),
  ];
}

function describeThrottled({ at, limit, message, requestId }: ThrottledReport): readonly string[] {
  const answer = [
    `  CDN Pro last answered 429 at ${at}`,
    ...(requestId === undefined ? [] : [`request ${printable(requestId)}`]),
    ...(message === undefined ? [] : [`in its words: ${printable(message)}`]),
  ];
  if (limit === undefined) return [answer.join(', ')];
  const { name, since } = throttledBy[limit];
  return [answer.join(', '), `    ${name}, ${since}`];
}

/** A 429 of before is rather over, in milliseconds. */
const recentMs = 60 * 60_000;

function stepsOf({ files, dirs, requests }: QuotaReport, nowMs: number): readonly NextCommand[] {
  const { credentialsRefusedUntil, closedBy, throttled } = requests;
  const isThrottled = throttled !== undefined && nowMs - Date.parse(throttled.at) < recentMs;
  const isShort = files.people === 0 || dirs.people === 0;
  return [
    ...(credentialsRefusedUntil === undefined ? [] : [nextOfRefused.credentials]),
    ...(isThrottled || closedBy === 'CDN Pro answered 429'
      ? [['tail', 'what this purger sends: the rest is of others; docs/operations.md#throttled'] as const]
      : []),
    ...(isShort
      ? [['waiting', 'what waits for tokens; docs/quota.md says how to ask for more'] as const]
      : []),
  ];
}
