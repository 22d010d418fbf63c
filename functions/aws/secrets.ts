import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgerError } from '../core/model/errors.ts';

/** A secret that has no text. The message names the secret, never a value. */
export class SecretError extends PurgerError {
  override readonly name = 'SecretError';
}

/** Reads secrets, and keeps them for a while. */
export interface SecretReader {
  /**
   * @param maxAgeMs how old a text may be that was read before, five minutes unless it says otherwise
   * @returns the secret's current text; one read before, up to an hour old, while it cannot be read
   */
  read(secretId: string, maxAgeMs?: number): Promise<string>;
  /** Makes the next read of this secret fetch it again: it may have been rotated. */
  forget(secretId: string): void;
}

/** How long a secret that was read is used, in milliseconds. */
const defaultMaxAgeMs = 5 * 60 * 1000;
/** How long it is used while Secrets Manager does not answer. */
const maxStaleMs = 60 * 60 * 1000;

interface Cached {
  readonly value: string;
  readonly readAtMs: number;
  /** When it was last asked for: a failure counts, so that failures do not bring more requests than successes. */
  readonly askedAtMs: number;
}

/** @returns a reader with a cache of its own */
export function createSecretReader(client: SecretsManagerClient, nowMs: () => number): SecretReader {
  const cache = new Map<string, Cached>();
  async function fetchText(secretId: string): Promise<string> {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (SecretString === undefined)
      throw new SecretError(`Expected the secret ${secretId} to hold text, got binary`);
    return SecretString;
  }
  return {
    async read(secretId, maxAgeMs = defaultMaxAgeMs) {
      const cached = cache.get(secretId);
      const askedAtMs = nowMs();
      if (cached !== undefined && askedAtMs - cached.askedAtMs < maxAgeMs) return cached.value;
      try {
        const value = await fetchText(secretId);
        cache.set(secretId, { value, readAtMs: askedAtMs, askedAtMs });
        return value;
      } catch (error) {
        if (cached === undefined || askedAtMs - cached.readAtMs > maxStaleMs) throw error;
        cache.set(secretId, { ...cached, askedAtMs });
        return cached.value;
      }
    },
    forget(secretId) {
      cache.delete(secretId);
    },
  };
}

/**
 * The secrets that a text holds: itself, or the texts of a JSON list (`["new","old"]`) or object, by which several
 * are valid at a time while they are rotated. A line end at the end of the text is no part of it.
 */
export function secretsIn(text: string): readonly string[] {
  const trimmed = text.replace(/\r?\n$/, '');
  return (listIn(trimmed) ?? [trimmed]).filter((secret) => secret !== '');
}

function listIn(text: string): readonly string[] | undefined {
  if (!text.startsWith('[') && !text.startsWith('{')) return undefined;
  try {
    const values: unknown[] = Object.values(JSON.parse(text));
    return values.every((value) => typeof value === 'string') && values.length > 0 ? values : undefined;
  } catch {
    // A secret may well begin with a bracket.
    return undefined;
  }
}
