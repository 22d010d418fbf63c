import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../command.ts';
import { nextCommands } from '../next.ts';
import { connect } from '../purger/connect.ts';
import { endPause } from '../purger/pause.ts';
import { describeSwitches, isPaused, readSwitches } from '../purger/switches.ts';
import { describePause } from '../queries/pause.ts';

const usage = `Usage: cdn-purger resume (--stack NAME | --ready FILE) [--json]

Ends a pause. What has waited is purged, grouped, inside the limits; what the day has no tokens for is parked. Where the
configuration says \`paused: true\`, the next deployment pauses again.

${purgerUsage}

Ends with 0, and with 2 where it may be paused still.`;

/** Ends a pause. */
export const resumeCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }) {
    refuseArguments(positionals);
    const purger = await connect(values);
    const before = await readSwitches(purger);
    const { switches, pause } = await endPause(purger, before);
    const was = pause === undefined ? '' : ` It was paused ${describePause(pause)}.`;
    const found = `(${describeSwitches(switches)})`;
    const done = isPaused(before)
      ? `Resumed ${found}. What has waited is purged now.${was}`
      : `It was not paused ${found}.`;
    return {
      exitCode: 0,
      stdout:
        values.json === true
          ? JSON.stringify(
              { paused: isPaused(switches), ...switches, ...(pause !== undefined && { was: pause }) },
              null,
              2,
            )
          : `${done}\n\n${nextCommands(['status', 'what is left of it'])[0]}`,
    };
  },
});
