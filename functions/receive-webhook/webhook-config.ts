import type { SourceOptions } from '../sources/webhook-options.ts';
import type { WebhookConfig } from './receive-webhook.ts';

/** A webhook as the stack writes it: its secrets by their index in the list of all, since their ARNs are long. */
export interface WrittenWebhook {
  readonly source: string;
  readonly secrets: readonly number[];
  readonly options?: SourceOptions;
  readonly rememberDays?: number;
}

/** Prefix of a configuration that is compressed: an environment has 4 KB in all. */
export const compressedPrefix = 'deflate:';

/**
 * @param webhooks JSON of {@link WrittenWebhook}s by name, or {@link compressedPrefix} and its raw deflate in base64
 * @param secretIds ARNs of all webhooks' secrets
 * @returns the webhooks by name
 */
export function readWebhooks(
  webhooks: string,
  secretIds: readonly string[],
): Readonly<Record<string, WebhookConfig>> {
  const json = webhooks.startsWith(compressedPrefix)
    ? decompress(webhooks.slice(compressedPrefix.length))
    : webhooks;
  // Validated when the stack wrote it.
  const written = JSON.parse(json) as Record<string, WrittenWebhook>;
  return Object.fromEntries(
    Object.entries(written).map(([name, { secrets, ...rest }]) => [
      name,
      { ...rest, secretIds: secrets.map((index) => secretIds[index] ?? '') },
    ]),
  );
}

/** Loads zlib only where it is needed: importing it takes some milliseconds of each cold start. */
function decompress(base64: string): string {
  return process.getBuiltinModule('node:zlib').inflateRawSync(Buffer.from(base64, 'base64')).toString('utf8');
}
