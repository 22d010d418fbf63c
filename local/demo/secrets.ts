import { testSecretOf } from '../../infra/cli/webhooks/signers.ts';
import type { PurgerConfig } from '../../infra/settings/purger-config.ts';
import { secretNameIn } from '../../infra/settings/sources/secret-settings.ts';

/** The credentials that the CDN Pro simulator accepts. */
export const localCredentials = { username: 'local', apiKey: 'local' };

/** @returns the test values of the configured webhooks' secrets, by the webhook's name */
export function localWebhookSecrets({ webhooks = [] }: PurgerConfig): Readonly<Record<string, string>> {
  return Object.fromEntries(webhooks.map(({ source, name = source }) => [name, testSecretOf(source)]));
}

/** @returns a function that finds the value of a secret by its name or ARN */
export function localSecrets({
  credentials,
  webhooks = [],
}: PurgerConfig): (secretId: string) => string | undefined {
  const values = new Map<string, string>([[secretNameIn(credentials), JSON.stringify(localCredentials)]]);
  for (const { source, secret } of webhooks) {
    for (const name of [secret].flat().map(secretNameIn)) {
      values.set(name, withValue(values.get(name), testSecretOf(source)));
    }
  }
  return (secretId) => {
    const name = [...values.keys()].find((name) => secretId === name || secretId.endsWith(`:secret:${name}`));
    return name === undefined ? undefined : values.get(name);
  };
}

/** Webhooks of several sources may share a secret, which then holds a list. */
function withValue(known: string | undefined, value: string): string {
  if (known === undefined || known === value) return value;
  const list = known.startsWith('[') ? (JSON.parse(known) as string[]) : [known];
  return JSON.stringify([...new Set([...list, value])]);
}
