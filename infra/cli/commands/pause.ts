import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { checkWords } from '../parse-options.ts';
import { connect } from '../purger/connect.ts';
import { beginPause, type PauseChange } from '../purger/pause.ts';
import { describeSwitches, isPaused, readSwitches } from '../purger/switches.ts';
import { describePause } from '../queries/pause.ts';

const usage = `Usage: cdn-purger pause (--stack NAME | --ready FILE) [--reason TEXT] [--json]

Stops purge requests, not changes: they wait, for 14 days, and nothing is lost. Lambda takes up to a minute to stop, and
requests that are being sent are finished. The pause lasts until cdn-purger resume, or a deployment that changes the event
source mapping or the schedule. For a planned pause set \`paused: true\` and deploy.

  --reason TEXT  why, for who reads \`status\` or \`doctor\` meanwhile: they say since when and by whom it is paused, too
${purgerUsage}

Ends with 0, with 1 where it is paused and --reason could not be noted, and with 2 where it is not paused.`;

/** Holds everything. */
export const pauseCommand = defineCommand({
  usage,
  options: { ...purgerOptions, reason: { type: 'string' } },
  async run({ values, positionals }, { nowMs }) {
    refuseArguments(positionals);
    const { reason } = values;
    checkWords('--reason', reason);
    const purger = await connect(values);
    const change = await beginPause(purger, reason, await readSwitches(purger), nowMs());
    const isNoted = change.problem === undefined || reason === undefined;
    return {
      exitCode: isNoted ? 0 : 1,
      stdout: values.json === true ? JSON.stringify(reportOf(change), null, 2) : describe(change),
    };
  },
});

function reportOf({ switches, ...change }: PauseChange) {
  return { paused: isPaused(switches), ...switches, ...change };
}

function describe({ switches, pause, was, problem }: PauseChange): string {
  return [
    `Paused (${describeSwitches(switches)}), ${describePause(pause ?? {})}. Changes wait, for 14 days; the alarm freshness goes off after ten minutes.`,
    ...(was === undefined ? [] : [`Until now it was noted as paused ${describePause(was)}: tell them.`]),
    ...(problem === undefined ? [] : [`That could not be noted for others: ${problem}`]),
    '',
    ...nextCommands(['resume', 'ends it']),
  ].join('\n');
}
