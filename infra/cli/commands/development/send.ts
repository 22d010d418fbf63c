import { webhookSecretsIn } from '../../../../functions/aws/secrets.ts';
import { describeValue } from '../../../../functions/core/model/errors.ts';
import { recordOf } from '../../../../functions/core/model/record.ts';
import { suggestion } from '../../../settings/checks/suggestion.ts';
import {
  type CommandResult,
  defineCommand,
  purgerOptions,
  purgerUsage,
  type Surroundings,
} from '../../command.ts';
import { counted } from '../../counted.ts';
import { connect, type Purger } from '../../purger/connect.ts';
import { openSecrets } from '../../purger/secrets.ts';
import { UsageError } from '../../usage-error.ts';
import { contentstackTestKey } from '../../webhooks/contentstack-test-key.ts';
import { fillFields } from '../../webhooks/fill-fields.ts';
import type { SampleEvents } from '../../webhooks/sample-events/sample-event.ts';
import { sampleEvents } from '../../webhooks/sample-events.ts';
import { sendWebhook, type WebhookReply } from '../../webhooks/send-webhook.ts';
import { testSecretOf } from '../../webhooks/signers.ts';

const secretVariable = 'CDN_PURGER_WEBHOOK_SECRET';

const usage = `Usage:
  cdn-purger send SOURCE EVENT [--field NAME=VALUE]... [--webhook NAME] (--stack NAME | --ready FILE) [--json]
  cdn-purger send SOURCE EVENT [--field NAME=VALUE]... --url URL [--json]     with the secret in ${secretVariable}
  … | cdn-purger send SOURCE EVENT --url URL                                  or on stdin
  cdn-purger send SOURCE                                                      lists events and fields

Sends a webhook as the source's sender would, signed now, such as: send contentful publish --field slug=hello.
It is a real one: what it names is purged.

  --field NAME=VALUE  a variable of the source, such as slug; or the path of keys to anything in the body
  --webhook NAME      the webhook's name. Default: that of the source
  --url URL           the webhook's URL
${purgerUsage}

With --stack and --ready the secret is read where the purger reads it.
Ends with 0 where something was queued, 1 where nothing was, and 2 where it could not be sent.`;

/** A signed webhook. */
export const sendCommand = defineCommand({
  usage,
  options: {
    ...purgerOptions,
    field: { type: 'string', multiple: true },
    webhook: { type: 'string' },
    url: { type: 'string' },
  },
  async run({ values, positionals }, surroundings) {
    const [source = '', name, ...others] = positionals;
    if (others.length > 0) throw new UsageError(`Expected a source and an event, got "${others[0]}", too`);
    const sample = sampleOf(source);
    if (name === undefined) return list(source, sample, values.json === true);
    const make = Object.hasOwn(sample.events, name) ? sample.events[name] : undefined;
    if (make === undefined) {
      throw new UsageError(
        `Unknown event ${describeValue(name)}${suggestion(name, Object.keys(sample.events))}`,
      );
    }
    const nowMs = surroundings.nowMs();
    const event = fillFields(make(new Date(nowMs).toISOString()), sample.fields, values.field ?? []);
    const to = await receiverOf(source, values, surroundings);
    const reply = await sendWebhook(event, { source, nowMs, ...to });
    return report(to.url, reply, values.json === true);
  },
});

function sampleOf(source: string): SampleEvents {
  const sample = Object.hasOwn(sampleEvents, source) ? sampleEvents[source] : undefined;
  if (sample !== undefined) return sample;
  const known = Object.keys(sampleEvents).toSorted();
  if (source === '') throw new UsageError(`Expected a source: ${known.join(', ')}; got none`);
  throw new UsageError(`Unknown source ${describeValue(source)}${suggestion(source, known)}`);
}

function list(source: string, { events, fields }: SampleEvents, json: boolean): CommandResult {
  const found = { source, events: Object.keys(events), fields: Object.keys(fields) };
  const text = `${source}\n  events: ${found.events.join(', ')}\n  fields: ${found.fields.join(', ')}`;
  return { exitCode: 0, stdout: json ? JSON.stringify(found, null, 2) : text };
}

interface ReceiverOptions {
  readonly stack?: string | undefined;
  readonly ready?: string | undefined;
  readonly url?: string | undefined;
  readonly webhook?: string | undefined;
}

interface Receiver {
  readonly url: string;
  readonly secret: string;
}

async function receiverOf(
  source: string,
  options: ReceiverOptions,
  surroundings: Surroundings,
): Promise<Receiver> {
  const { url, webhook = source } = options;
  const receiver =
    url === undefined
      ? await configuredReceiver(source, webhook, await connect(options))
      : { url: checkedUrl(url, options), secret: await givenSecret(surroundings) };
  if (source === 'contentstack' && receiver.secret !== contentstackTestKey.public) {
    throw new UsageError(
      'Contentstack signs with its own private key, so that nobody else can: publish an entry there',
    );
  }
  if (receiver.secret.startsWith('whpk_')) {
    throw new UsageError(
      'Expected a secret to sign with (whsec_…), got a public key, with which nobody can sign',
    );
  }
  return receiver;
}

function checkedUrl(url: string, { stack, ready, webhook }: ReceiverOptions): string {
  if (stack !== undefined || ready !== undefined || webhook !== undefined) {
    throw new UsageError('Expected --url without --stack, --ready and --webhook, got both');
  }
  if (/^https?:\/\/[^/]+\/.+/.test(url) && URL.canParse(url)) return url;
  throw new UsageError(`Expected --url to be the URL of a webhook, got ${describeValue(url)}`);
}

/** An argument would be in the history of the shell, and in the list of processes. */
async function givenSecret({ readStdin }: Surroundings): Promise<string> {
  const secret = process.env[secretVariable] ?? (await readStdin())?.replace(/\r?\n$/, '');
  if (secret !== undefined && secret !== '') return secret;
  throw new UsageError(`Expected the webhook's secret in ${secretVariable} or on stdin, got neither`);
}

async function configuredReceiver(source: string, name: string, purger: Purger): Promise<Receiver> {
  const { webhooks, webhookUrl = '', webhooksLeftOut = 0 } = purger;
  const webhook = webhooks.find((each) => each.name === name);
  if (webhook === undefined) {
    if (webhooksLeftOut > 0) {
      throw new UsageError(
        `Expected a webhook whose secret the purger's parameter names, got ${describeValue(name)}, and ${webhooksLeftOut} have no room there: use --url ${webhookUrl}${name}`,
      );
    }
    const known = webhooks.map((each) => each.name);
    const hint = known.length === 0 ? ': it receives none' : suggestion(name, known);
    throw new UsageError(`The purger receives no webhook ${describeValue(name)}${hint}`);
  }
  const isLocal = purger.clients.cloudWatch === undefined;
  const reader = await openSecrets(purger);
  const found = await Promise.all(
    webhook.secrets.map(async (id) => webhookSecretsIn(id, await reader.read(id), isLocal).secrets),
  );
  const secrets = found.flat();
  // On the local stack webhooks of several sources may share a secret, which then holds one of each.
  const secret = secrets.find((each) => each === testSecretOf(source)) ?? secrets[0] ?? '';
  return { url: `${webhookUrl}${name}`, secret };
}

/** So many entries are printed; --json has all that were answered. */
const mostPrinted = 20;

function report(url: string, { status, answer }: WebhookReply, json: boolean): CommandResult {
  const { queued } = recordOf(answer) ?? {};
  const entries = Array.isArray(queued) ? queued : [];
  const exitCode = status < 300 && entries.length > 0 ? 0 : 1;
  if (json) return { exitCode, stdout: JSON.stringify({ url, status, answer }, null, 2) };
  return { exitCode, stdout: describe(url, status, entries, answer) };
}

function describe(url: string, status: number, entries: readonly unknown[], answer: unknown): string {
  if (status >= 300 || entries.length === 0) {
    const said = typeof answer === 'string' ? answer : JSON.stringify(answer);
    const step = nextStep(status, recordOf(answer)?.reason);
    return `${status} from ${url}: nothing was queued\n  ${said}${step === undefined ? '' : `\n\nTo do: ${step}`}`;
  }
  const rows = entries.map((entry) => {
    const { action, url, pattern } = recordOf(entry) ?? {};
    return `  ${action ?? 'invalidate'} ${url ?? pattern}`;
  });
  return [
    `${status} from ${url}: ${counted(entries.length, 'URL')} queued`,
    ...rows.slice(0, mostPrinted),
    ...(rows.length > mostPrinted ? [`  ... and ${rows.length - mostPrinted} more`] : []),
  ].join('\n');
}

function nextStep(status: number, reason: unknown): string | undefined {
  if (status === 401) return 'compare the secret and the options of the webhook with docs/sources.md';
  if (typeof reason !== 'string' || !reason.startsWith('No rule ')) return undefined;
  return 'set what the rules want with --field NAME=VALUE, such as type=NAME';
}
