import { JsonClient, type JsonClientOptions, JsonCommand } from './json-client.ts';

/** Stands in for `@aws-sdk/client-secrets-manager` in the functions' bundles: see `docs/adr/0033`. */
export class SecretsManagerClient extends JsonClient {
  constructor(options: JsonClientOptions = {}) {
    const service = {
      name: 'secretsmanager',
      variable: 'SECRETS_MANAGER',
      target: 'secretsmanager',
      version: '1.1',
      retry: { maxAttempts: 3, baseDelayMs: 50 },
    } as const;
    super(service, options);
  }
}

export class GetSecretValueCommand extends JsonCommand {
  readonly operation = 'GetSecretValue';
}
