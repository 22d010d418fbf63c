import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { webhookSources } from '../../../functions/sources/registry.ts';
import type { WebhookSource } from '../../../functions/sources/webhook-source.ts';
import { checkStages } from '../../settings/stages.ts';
import { defineCommand, refuseArguments } from '../command.ts';
import { nextCommands, shellArgument } from '../next.ts';
import { UsageError } from '../usage-error.ts';

const defaultFile = 'cdn-purger.config.json';
const schema = './node_modules/cdn-pro-purger/dist/config.schema.json';

const usage = `Usage: cdn-purger init --host HOST [--bucket NAME] [--prefix PREFIX] [--webhook SOURCE]... [--api-key KEY]
                       [--target TARGET] [--credentials SECRET] [--file FILE] [--json]

Writes a first configuration, to be edited. A file that exists stays as it is.

  --host HOST           the host whose pages are purged, such as www.example.com
  --bucket NAME         a bucket that holds them
  --prefix PREFIX       what the keys of the pages begin with in the bucket, such as site/
  --webhook SOURCE      a CMS whose webhook tells of changes, such as contentful; may come several times
  --api-key KEY         for contentstack: the API key of your stack, blt…; anybody with a stack there can send what verifies
  --target TARGET       production or staging; staging by default
  --credentials SECRET  the name of the secret with CDN Pro's credentials; cdn-pro/api by default
  --file FILE           ${defaultFile} by default
  --json                write the configuration as JSON, too

Ends with 0, and with 2 where nothing was written.`;

/** What the user has said. */
interface Answers {
  readonly host: string;
  readonly bucket: string | undefined;
  readonly prefix: string;
  readonly sources: readonly string[];
  readonly apiKey: string | undefined;
  readonly target: string;
  readonly credentials: string;
}

/** A first configuration. */
export const initCommand = defineCommand({
  usage,
  options: {
    host: { type: 'string' },
    bucket: { type: 'string' },
    prefix: { type: 'string' },
    webhook: { type: 'string', multiple: true },
    'api-key': { type: 'string' },
    target: { type: 'string' },
    credentials: { type: 'string' },
    file: { type: 'string' },
  },
  async run({ values, positionals }) {
    refuseArguments(positionals);
    const { host, bucket, webhook: sources = [], target = 'staging' } = values;
    const { credentials = 'cdn-pro/api', file = defaultFile } = values;
    const prefix = folderOf(values.prefix ?? '');
    if (host === undefined) throw new UsageError('Expected --host with the host of the pages, got nothing');
    if (/[/\s@?#{}*]/.test(host)) {
      throw new UsageError(`Expected --host to be a host such as www.example.com, got "${host}"`);
    }
    if (!file.endsWith('.json')) {
      throw new UsageError(`Expected --file to end with .json, which is what is written, got "${file}"`);
    }
    if (bucket === undefined && sources.length === 0) {
      throw new UsageError('Expected --bucket or --webhook, from which changes come, got neither');
    }
    const apiKey = values['api-key'];
    checkApiKey(sources, apiKey);
    const config = configOf({ host, bucket, prefix, sources, apiKey, target, credentials });
    checkStages(config);
    if (existsSync(file)) throw new UsageError(`${file} exists and stays as it is: name another with --file`);
    // A clone of the repository has no package, and so no schema.
    const hasSchema = existsSync(join(dirname(file), schema));
    const text = JSON.stringify({ ...(hasSchema && { $schema: schema }), ...config }, null, 2);
    write(file, `${text}\n`);
    return { exitCode: 0, stdout: values.json === true ? text : nextSteps(file, { bucket, prefix, target }) };
  },
});

/** The option that says whose deliveries count, of a source that signs all of its customers' with one key. */
function pinOf(source: string): string | undefined {
  return Object.hasOwn(webhookSources, source)
    ? (webhookSources as Readonly<Record<string, WebhookSource>>)[source]?.pin?.option
    : undefined;
}

/** @throws UsageError where a source needs it and it is missing, or the other way around */
function checkApiKey(sources: readonly string[], apiKey: string | undefined): void {
  const pinned = sources.find((source) => pinOf(source) !== undefined);
  if (pinned !== undefined && apiKey === undefined) {
    throw new UsageError(
      `Expected --api-key with --webhook ${pinned}: the API key of your stack, since anybody with a stack there can send what verifies, got nothing`,
    );
  }
  if (pinned === undefined && apiKey !== undefined) {
    throw new UsageError(
      'Expected --api-key with --webhook contentstack, which alone has one, got it without',
    );
  }
}

/** Keys begin with no slash, and a folder ends with one: without it, URLs would have two. */
function folderOf(prefix: string): string {
  const bare = prefix.replace(/^\/+/, '');
  return bare === '' || bare.endsWith('/') ? bare : `${bare}/`;
}

/** @throws UsageError where the file cannot be written, as where its folder does not exist */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Expected --file to be a file that can be written: ${reason}`);
  }
}

function configOf({ host, bucket, prefix, sources, apiKey, target, credentials }: Answers) {
  const ofBucket = {
    name: 'objects',
    match: { source: 's3', key: `${prefix}{+path}` },
    purge: { fileUrls: [`https://${host}/{+path}`] },
    pages: { index: 'index.html' },
  };
  const ofSource = (source: string) => ({
    name: `entries of ${source}`,
    match: { source },
    purge: { fileUrls: [`https://${host}/{slug}`] },
  });
  return {
    credentials,
    target,
    ...(bucket !== undefined && { buckets: [{ name: bucket, ...(prefix !== '' && { prefix }) }] }),
    ...(sources.length > 0 && {
      webhooks: sources.map((source) => webhookOf(source, apiKey)),
    }),
    rules: [...(bucket === undefined ? [] : [ofBucket]), ...sources.map(ofSource)],
  };
}

function webhookOf(source: string, apiKey: string | undefined) {
  const pin = pinOf(source);
  return {
    source,
    secret: `cdn-pro-purger/${source}`,
    ...(pin !== undefined && { [pin]: apiKey }),
    // Of a sender that nobody knows, the least that it can do.
    ...(source === 'generic' && { verification: { kind: 'secret', in: 'header', name: 'x-webhook-secret' } }),
  };
}

function nextSteps(
  file: string,
  { bucket, prefix, target }: Pick<Answers, 'bucket' | 'prefix' | 'target'>,
): string {
  const other = target === 'staging' ? 'production' : 'staging';
  const option = `--config ${shellArgument(file)}`;
  const explain =
    bucket === undefined
      ? ([`explain ${option} --event FILE`, "what the rules make of a webhook's body"] as const)
      : ([
          `explain ${option} ${shellArgument(`s3://${bucket}/${prefix}index.html`)}`,
          'what the rules make of an object',
        ] as const);
  const steps = nextCommands(explain, [
    `dev ${option}`,
    'all of it on this machine, with a sample for each rule',
  ]);
  return `Wrote ${file}. Its rules are a beginning: docs/configuration.md has every field, docs/cookbook.md ten sites.\nIt purges CDN Pro's environment ${target}: for ${other}, set "target" in it to "${other}".\n\n${steps.join('\n')}`;
}
