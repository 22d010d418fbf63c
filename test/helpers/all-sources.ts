import { readFileSync } from 'node:fs';
import type { SourceOptions } from '../../functions/sources/webhook-options.ts';

type Webhook = SourceOptions & { readonly source: string; readonly secret: string };
const { webhooks } = JSON.parse(readFileSync('docs/snippets/all-sources.json', 'utf8')) as {
  readonly webhooks: readonly Webhook[];
};

/** The options of a webhook of each source, as `docs/snippets/all-sources.json` has them. */
export const allSources: Readonly<Record<string, SourceOptions>> = Object.fromEntries(
  webhooks.map(({ source, secret: _, ...options }) => [source, options]),
);
