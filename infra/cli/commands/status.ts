import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { counted } from '../counted.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { readStatusFacts } from '../purger/status.ts';
import { describePause } from '../queries/pause.ts';
import { type Status, statusOf } from '../queries/status.ts';

const usage = `Usage: cdn-purger status (--stack NAME | --ready FILE) [--json]

Says whether anything waits or has failed, what is left of the limits, and which alarms are on.

${purgerUsage}

Ends with 0 where nothing is known to wait or to have failed, 1 where something is, and 2 where it cannot be told.`;

/** Is content fresh? */
export const statusCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }, { nowMs }) {
    refuseArguments(positionals);
    const status = statusOf(await readStatusFacts(await connect(values), nowMs()));
    return {
      exitCode: status.fresh ? 0 : 1,
      stdout: values.json === true ? JSON.stringify(status, null, 2) : describe(status),
    };
  },
});

function describe(status: Status): string {
  const { why, queued, parked, parkedSince, open, deadLetters, tokens, requests, alarms } = status;
  const parkedLanes = Object.entries(parked).map(([lane, count]) => `${count} ${lane}`);
  const rows: readonly (readonly [string, string])[] = [
    ['waiting', `${counted(queued, 'message')} in the queues`],
    ['parked', `${parkedLanes.join(', ')}${parkedSince === undefined ? '' : `; since ${parkedSince}`}`],
    ['on the way', counted(open, 'purge')],
    ['dead letters', String(deadLetters)],
    ['paused', status.paused ? `yes, ${describePause(status.pause ?? {})}` : 'no'],
    [
      'tokens left',
      `${counted(tokens.files, 'file')}, ${counted(tokens.dirs, 'directory', 'directories')} for people`,
    ],
    ['requests left', `${requests} now`],
    ...(alarms === undefined ? [] : ([['alarms', String(alarms.length)]] as const)),
  ];
  return [
    headline(status),
    ...why.map((reason) => `  ${reason}`),
    '',
    ...rows.map(([name, value]) => `${name.padEnd(14)} ${value}`),
    ...(alarms ?? []).map(
      ({ name, since, description }) =>
        `  ${name}${since === undefined ? '' : ` since ${since}`}: ${description}`,
    ),
    ...nextSteps(status).map((step) => `\n${step}`),
  ].join('\n');
}

function headline({ fresh, observing }: Status): string {
  if (observing) return 'Not purging.';
  return fresh ? 'Nothing waits, and nothing has failed.' : 'Not fresh.';
}

function nextSteps({ observing, paused, deadLetters, parked, alarms = [] }: Status): readonly string[] {
  const isParked = Object.values(parked).some((count) => count > 0);
  return [
    ...(observing ? nextCommands(['report', 'what would have been purged']) : []),
    ...(paused ? nextCommands(['resume', 'once it is to go on']) : []),
    ...(isParked ? nextCommands(['waiting', 'which URLs wait, and until when']) : []),
    ...(deadLetters > 0 ? nextCommands(['dead', 'why']) : []),
    ...(alarms.length > 0 ? ['Next: docs/operations.md has each alarm.'] : []),
  ];
}
