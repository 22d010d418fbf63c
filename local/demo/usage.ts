import { compileRules } from '../../functions/core/mapping/compile-rules.ts';
import { listOf } from '../../functions/core/mapping/rule.ts';
import { sampleEvents } from '../../infra/cli/webhooks/sample-events.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { edgeHostOf } from './hosts.ts';
import type { Ready } from './ready.ts';
import { firstObjects } from './s3-source.ts';

/**
 * @param readyFile where the endpoints were written; missing where nobody asked for it
 * @returns what to try next, as commands that can be pasted
 */
export function usageOf(config: PurgerConfig, ready: Ready, readyFile: string | undefined): string {
  const { s3, edge } = ready;
  const parts = ['The stack stays up until Ctrl-C. Things to try:'];
  const objects = firstObjects(config);
  if (objects !== undefined) {
    const key = `${objects.prefix}hello${objects.suffix === '' ? '.html' : objects.suffix}`;
    const objectUrl = `${s3.endpoint}/${objects.bucket}/${key}`;
    parts.push(`
Upload a file with the AWS CLI (or with the curl below it), and watch it become a purge:
  AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local AWS_REGION=us-east-1 \\
    aws --endpoint-url ${s3.endpoint} s3 cp README.md s3://${objects.bucket}/${key}
  curl -T README.md ${objectUrl}

See a page at the edge, and in x-cache-status where it came from (REVALIDATED: from the origin, once more):
  curl -i ${pageAt(edge, config, { bucket: objects.bucket, key })}`);
  }
  const { webhooks = [] } = config;
  if (webhooks.length > 0) {
    parts.push(`
Send a signed webhook, with --field NAME=VALUE for what it is about:
${webhooks.map((webhook) => `  ${sendCommand(webhook, config, ready, readyFile)}`).join('\n')}`);
  }
  if (readyFile !== undefined) {
    parts.push(`
Look at it, and act on it, as on a deployed purger:
  npx cdn-purger status --ready ${readyFile}`);
  }
  return `${parts.join('\n')}\n`;
}

function sendCommand(
  { source, name = source }: { readonly source: string; readonly name?: string | undefined },
  config: PurgerConfig,
  { webhooks, webhookSecrets }: Ready,
  readyFile: string | undefined,
): string {
  const [event = ''] = Object.keys(sampleEvents[source]?.events ?? {});
  const type = typeFor(source, name, config);
  const field = type === undefined ? '' : ` --field ${quoted(`type=${type}`)}`;
  const command = `npx cdn-purger send ${source} ${event}${field}`;
  if (readyFile !== undefined) {
    return `${command}${name === source ? '' : ` --webhook ${name}`} --ready ${readyFile}`;
  }
  return `CDN_PURGER_WEBHOOK_SECRET=${quoted(webhookSecrets[name] ?? '')} ${command} --url ${webhooks[name]}`;
}

/** @returns the type without which no rule matches what is sent to a webhook, as far as a rule names it in plain words */
function typeFor(source: string, name: string, { rules }: PurgerConfig): string | undefined {
  if (sampleEvents[source]?.fields.type === undefined) return undefined;
  const own = rules.filter(
    ({ match }) =>
      match.source === source && (match.webhook === undefined || listOf(match.webhook).includes(name)),
  );
  if (own.some(({ match }) => match.type === undefined)) return undefined;
  return own.flatMap(({ match }) => listOf(match.type)).find((type) => !type.includes('{'));
}

/** The arguments of curl for the page that shows an object by the rules: its URL, and its host if it is not the edge's. */
function pageAt(edge: string, config: PurgerConfig, object: { bucket: string; key: string }): string {
  const change = {
    source: 's3',
    action: 'put',
    id: '',
    occurredAt: new Date(0).toISOString(),
    ...object,
  } as const;
  const { entries } = compileRules(config).map(change);
  const file = entries.find((entry) => entry.kind === 'file');
  if (file === undefined) return `${edge}/hello.html`;
  const { host, pathname, search } = new URL(file.url);
  const page = `${edge}${pathname}${search}`;
  return host === edgeHostOf(config) ? page : `-H 'host: ${host}' ${page}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''").trimEnd()}'`;
}
