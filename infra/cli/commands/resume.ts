import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { isPaused, turnSwitches } from '../purger/switches.ts';

const usage = `Usage: cdn-purger resume (--stack NAME | --ready FILE) [--json]

Ends a pause. What has waited is purged, grouped, inside the limits; what the day has no tokens for is parked. Where the
configuration says \`paused: true\`, the next deployment pauses again.

${purgerUsage}`;

/** Ends a pause. */
export const resumeCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }) {
    refuseArguments(positionals);
    const switches = await turnSwitches(await connect(values), true);
    return {
      exitCode: 0,
      stdout:
        values.json === true
          ? JSON.stringify({ paused: isPaused(switches), ...switches }, null, 2)
          : `Resumed (submit: ${switches.submit}, tick: ${switches.tick}). What has waited is purged now.\n\n${nextCommands(['status', 'what is left of it'])[0]}`,
    };
  },
});
