import { defineCommand, purgerOptions, purgerUsage, refuseArguments } from '../../command.ts';
import { connect } from '../../purger/connect.ts';
import { watchPurges } from '../../purger/history/watch.ts';
import { describeEvent } from '../../queries/why/describe-event.ts';

const usage = `Usage: cdn-purger tail (--stack NAME | --ready FILE) [--json]

Prints, until it is stopped, what happens from now on: purges that CDN Pro has accepted, with their changes, how they end, what is
refused, and how much waits. It looks every five seconds, at dead letters where their number has changed, and each minute. What a receiver leaves out is in its log alone.

${purgerUsage}

With --json each line is an object.`;

/** What is going on? */
export const tailCommand = defineCommand({
  usage,
  options: purgerOptions,
  async run({ values, positionals }, surroundings) {
    refuseArguments(positionals);
    const purger = await connect(values);
    for await (const event of watchPurges(purger, surroundings)) {
      surroundings.print(values.json === true ? JSON.stringify(event) : describeEvent(event));
    }
    return { exitCode: 0 };
  },
});
