import type { PurgerConfig } from '../infra/purger-stack.ts';
import { CONTENTFUL_SECRET, STANDARD_WEBHOOKS_SECRET } from './webhook-signing.ts';

/** What the CDN Pro simulator lets in. */
export const localCredentials = { username: 'local', apiKey: 'local' };

/** Test values of the webhooks' secrets, by source. */
const webhookSecrets = {
  contentful: CONTENTFUL_SECRET,
  'standard-webhooks': STANDARD_WEBHOOKS_SECRET,
};

/** @returns the test values of the configured webhooks' secrets, by the webhook's name */
export function localWebhookSecrets({ webhooks = [] }: PurgerConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(webhooks.map(({ source, name = source }) => [name, webhookSecrets[source]]));
}

/** @returns what the local Secrets Manager answers, by the name or ARN of a secret */
export function localSecrets({
  credentials,
  webhooks = [],
}: PurgerConfig): (secretId: string) => string | undefined {
  const values = new Map<string, string>([[credentials, JSON.stringify(localCredentials)]]);
  for (const { source, secret } of webhooks) values.set(secret, webhookSecrets[source]);
  return (secretId) => {
    const name = [...values.keys()].find((name) => secretId === name || secretId.endsWith(`:secret:${name}`));
    return name === undefined ? undefined : values.get(name);
  };
}
