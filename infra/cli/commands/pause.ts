import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { isPaused, turnSwitches } from '../purger/switches.ts';

const usage = `Usage: cdn-purger pause (--stack NAME | --ready FILE) [--json]

Stops purge requests, not changes: they wait, for 14 days, and nothing is lost. Lambda takes up to a minute to stop, and
requests that are being sent are finished. The pause lasts until cdn-purger resume, or a deployment that changes the event
source mapping or the schedule. For a planned pause set \`paused: true\` and deploy.

${purgerUsage}`;

/** Holds everything. */
export const pauseCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }) {
    refuseArguments(positionals);
    const switches = await turnSwitches(await connect(values), false);
    return {
      exitCode: 0,
      stdout:
        values.json === true
          ? JSON.stringify({ paused: isPaused(switches), ...switches }, null, 2)
          : `Paused (submit: ${switches.submit}, tick: ${switches.tick}). Changes wait, for 14 days; the alarm freshness goes off after ten minutes.\n\n${nextCommands(['resume', 'ends it'])[0]}`,
    };
  },
});
