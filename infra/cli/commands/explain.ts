import { defaultConfigFile, loadConfig } from '../../stack/load-config.ts';
import { defineCommand } from '../command.ts';
import { explain } from '../explain/explain.ts';
import { describe } from '../explain/print-explanation.ts';
import { readInput } from '../explain/read-input.ts';
import { UsageError } from '../usage-error.ts';

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

/** What the rules make of a change. */
export const explainCommand = defineCommand({
  usage,
  options: {
    action: { type: 'string' },
    event: { type: 'string' },
    source: { type: 'string' },
    webhook: { type: 'string' },
    header: { type: 'string', multiple: true },
    config: { type: 'string' },
    stage: { type: 'string' },
  },
  async run({ values, positionals }, { nowMs }) {
    const [subject, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`Expected one object, got "${others[0]}", too`);
    const config = await loadConfig(values.config ?? defaultConfigFile, values.stage);
    const explanation = explain(readInput({ ...values, subject }, config, nowMs()), config);
    return {
      exitCode: explanation.purges.length > 0 ? 0 : 1,
      stdout: values.json === true ? JSON.stringify(explanation, null, 2) : describe(explanation),
    };
  },
});
