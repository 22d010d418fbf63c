import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { endPause } from '../purger/pause.ts';
import { isPaused, readSwitches } from '../purger/switches.ts';
import { describePause } from '../queries/pause.ts';

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
    const purger = await connect(values);
    const { switches, pause } = await endPause(purger, await readSwitches(purger));
    const was = pause === undefined ? '' : ` It was paused ${describePause(pause)}.`;
    return {
      exitCode: 0,
      stdout:
        values.json === true
          ? JSON.stringify(
              { paused: isPaused(switches), ...switches, ...(pause !== undefined && { was: pause }) },
              null,
              2,
            )
          : `Resumed (submit: ${switches.submit}, tick: ${switches.tick}). What has waited is purged now.${was}\n\n${nextCommands(['status', 'what is left of it'])[0]}`,
    };
  },
});
