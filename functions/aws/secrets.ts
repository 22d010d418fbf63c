import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgerError } from '../core/model/errors.ts';

/** A secret that is not a string. The message names the secret, never a value. */
export class SecretError extends PurgerError {
  override readonly name = 'SecretError';
}

/** Reads secrets, and keeps them for a while. */
export interface SecretReader {
  /**
   * @param maxAgeMs a cached value older than this is read again; five minutes by default
   * @returns the secret's current value; a cached one, up to an hour old, while it cannot be read
   */
  read(secretId: string, maxAgeMs?: number): Promise<string>;
  /** Makes the next read of this secret fetch it again: it may have been rotated. */
  forget(secretId: string): void;
}

/** How long a cached value is used, in milliseconds. */
const defaultMaxAgeMs = 5 * 60 * 1000;
/** How long it is used while Secrets Manager does not answer. */
const maxStaleMs = 60 * 60 * 1000;

interface Cached {
  readonly value: string;
  readonly readAtMs: number;
  /** When it was last requested: a failure counts, so that failures do not bring more requests than successes. */
  readonly requestedAtMs: number;
}

/** @returns a reader with its own cache */
export function createSecretReader(client: SecretsManagerClient, nowMs: () => number): SecretReader {
  const cache = new Map<string, Cached>();
  async function fetchValue(secretId: string): Promise<string> {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (SecretString === undefined)
      throw new SecretError(`Expected the secret ${secretId} to hold a string, got binary`);
    return SecretString;
  }
  return {
    async read(secretId, maxAgeMs = defaultMaxAgeMs) {
      const cached = cache.get(secretId);
      const requestedAtMs = nowMs();
      if (cached !== undefined && requestedAtMs - cached.requestedAtMs < maxAgeMs) return cached.value;
      try {
        const value = await fetchValue(secretId);
        cache.set(secretId, { value, readAtMs: requestedAtMs, requestedAtMs });
        return value;
      } catch (error) {
        if (cached === undefined || requestedAtMs - cached.readAtMs > maxStaleMs) throw error;
        cache.set(secretId, { ...cached, requestedAtMs });
        return cached.value;
      }
    },
    forget(secretId) {
      cache.delete(secretId);
    },
  };
}

/**
 * @returns the secrets in a secret's value: the value itself, or the strings of a JSON list (`["new","old"]`) or object,
 *   so that several are valid while they are rotated. A line end at the end is not part of it.
 */
export function secretsIn(value: string): readonly string[] {
  const trimmed = value.replace(/\r?\n$/, '');
  return (listIn(trimmed) ?? [trimmed]).filter((secret) => secret !== '');
}

function listIn(value: string): readonly string[] | undefined {
  if (!value.startsWith('[') && !value.startsWith('{')) return undefined;
  try {
    const values: unknown[] = Object.values(JSON.parse(value));
    return values.every((value) => typeof value === 'string') && values.length > 0 ? values : undefined;
  } catch {
    // A secret may well begin with a bracket.
    return undefined;
  }
}
