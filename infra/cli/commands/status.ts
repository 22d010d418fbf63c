import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { counted } from '../counted.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { readStatusFacts } from '../purger/status.ts';
import { describePause } from '../queries/pause.ts';
import { describeProgress } from '../queries/progress.ts';
import { type Status, statusOf } from '../queries/status.ts';
import { statusSteps } from '../queries/status-steps.ts';

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
  const { why, queued, parked, parkedSince, open, oldestOpen, deadLetters, tokens, requests, alarms } =
    status;
  const parkedLanes = Object.entries(parked).map(([lane, count]) => `${count} ${lane}`);
  const rows: readonly (readonly [string, string])[] = [
    ['waiting', `${counted(queued, 'message')} in the queues`],
    ['parked', `${parkedLanes.join(', ')}${parkedSince === undefined ? '' : `; since ${parkedSince}`}`],
    [
      'on the way',
      `${counted(open, 'purge')}${oldestOpen === undefined ? '' : `; ${open === 1 ? '' : 'the oldest '}${describeProgress(oldestOpen)}`}`,
    ],
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
    ...nextSteps(status),
  ].join('\n');
}

function headline({ fresh, observing }: Status): string {
  if (observing) return 'Not purging.';
  return fresh ? 'Nothing waits, and nothing has failed.' : 'Not fresh.';
}

function nextSteps(status: Status): readonly string[] {
  const { alarms = [] } = status;
  const runbooks = alarms.flatMap(({ description }) => /\bRunbook: (\S+)$/.exec(description)?.[1] ?? []);
  const lines = nextCommands(...statusSteps(status));
  const pages = runbooks.map(
    (page, index) =>
      `${lines.length + index === 0 ? 'Next: ' : '      '}${page}  # what to do about the alarm`,
  );
  const all = [...lines, ...pages];
  return all.length === 0 ? [] : ['', ...all];
}
