import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgerError } from '../core/errors.ts';

/** A secret that has no text. The message names the secret, never a value. */
export class SecretError extends PurgerError {
  override readonly name = 'SecretError';
}

/** Reads secrets, and keeps them for a while. */
export interface SecretReader {
  /** @returns the secret's current text, at most five minutes old */
  read(secretId: string): Promise<string>;
  /** Makes the next read of this secret fetch it again: it may have been rotated. */
  forget(secretId: string): void;
}

/** How long a secret that was read is used, in milliseconds. */
const maxAgeMs = 5 * 60 * 1000;

/** @returns a reader with a cache of its own */
export function createSecretReader(client: SecretsManagerClient, nowMs: () => number): SecretReader {
  const cache = new Map<string, { readonly value: string; readonly readAtMs: number }>();
  return {
    async read(secretId) {
      const cached = cache.get(secretId);
      if (cached !== undefined && nowMs() - cached.readAtMs < maxAgeMs) return cached.value;
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      if (SecretString === undefined)
        throw new SecretError(`Expected the secret ${secretId} to hold text, got binary`);
      cache.set(secretId, { value: SecretString, readAtMs: nowMs() });
      return SecretString;
    },
    forget(secretId) {
      cache.delete(secretId);
    },
  };
}
