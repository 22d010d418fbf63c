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

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args);
  const [command, subject, ...others] = positionals;
  if (values.help === true || command === undefined) {
    console.log(usage);
    return values.help === true ? 0 : 2;
  }
  if (command !== 'explain') throw new UsageError(`Expected the command "explain", got "${command}"`);
  if (others.length > 0) throw new UsageError(`Expected one object, got "${others[0]}", too`);
  const config = await loadConfig(values.config ?? defaultConfigFile, values.stage);
  const input = readInput({ ...values, subject }, config, Date.now());
  const explanation = explain(input, config);
  console.log(values.json === true ? JSON.stringify(explanation, null, 2) : describe(explanation));
  return explanation.purges.length > 0 ? 0 : 1;
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

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof PurgerError)) throw error;
  console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error.message);
  process.exitCode = 2;
}
