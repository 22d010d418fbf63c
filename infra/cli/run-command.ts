import { parseArgs } from 'node:util';
import { PurgerError } from '../../functions/core/model/errors.ts';
import { defaultConfigFile, loadConfig } from '../stack/load-config.ts';
import { explain } from './explain.ts';
import { describe } from './print-explanation.ts';
import { readInput } from './read-input.ts';
import { UsageError } from './usage-error.ts';

const usage = `Usage:
  cdn-purger explain s3://BUCKET/KEY [--action put|delete]
  cdn-purger explain --event FILE [--source SOURCE] [--webhook NAME] [--header 'NAME: VALUE']...

Shows which rules match a change and why the others do not, what becomes stale, and which purge request would
be sent. Nothing is purged.

  --action    what happened to the object. Default: put
  --event     a JSON file: an event of S3 in any envelope, the body of a webhook, or {"headers", "body"} of one
  --source    the source of the webhook whose body the file holds, e.g. contentful
  --webhook   the name of the webhook. Default: that of the source
  --header    a header of the webhook, e.g. 'X-Contentful-Topic: ContentManagement.Entry.publish'
  --config    the configuration: a module with a default export, or JSON. Default: infra/config.ts, and where the
              package is installed cdn-purger.config.ts (or .mts, .js, .mjs, .cjs, .json) in this folder
  --stage     the stage of the configuration. Default: its first
  --json      write JSON

Ends with 0 where something would be purged, 1 where nothing would (no rule matches), and 2 where the command or the configuration is wrong.`;

/** What a command prints, and its exit code. */
export interface CommandResult {
  readonly exitCode: number;
  readonly stdout?: string;
  readonly stderr?: string;
}

/**
 * Runs a command to its end; what is wrong with it or with the configuration is in the result.
 * @param args as `process.argv` has them, from the command on
 */
export async function runCommand(args: readonly string[]): Promise<CommandResult> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof PurgerError)) throw error;
    const stderr = error instanceof UsageError ? `${error.message}\n\n${usage}` : error.message;
    return { exitCode: 2, stderr };
  }
}

async function run(args: readonly string[]): Promise<CommandResult> {
  const { values, positionals } = parse(args);
  const [command, subject, ...others] = positionals;
  if (values.help === true || command === undefined) {
    return { exitCode: values.help === true ? 0 : 2, stdout: usage };
  }
  if (command !== 'explain') throw new UsageError(`Expected the command "explain", got "${command}"`);
  if (others.length > 0) throw new UsageError(`Expected one object, got "${others[0]}", too`);
  const config = await loadConfig(values.config ?? defaultConfigFile, values.stage);
  const input = readInput({ ...values, subject }, config, Date.now());
  const explanation = explain(input, config);
  return {
    exitCode: explanation.purges.length > 0 ? 0 : 1,
    stdout: values.json === true ? JSON.stringify(explanation, null, 2) : describe(explanation),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        action: { type: 'string' },
        event: { type: 'string' },
        source: { type: 'string' },
        webhook: { type: 'string' },
        header: { type: 'string', multiple: true },
        config: { type: 'string' },
        stage: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
