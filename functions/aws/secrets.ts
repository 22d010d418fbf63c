import { createHash } from 'node:crypto';
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { PurgerError } from '../core/model/errors.ts';
import { isRecord } from '../core/model/record.ts';
import { minKeyBytes, secretIssue } from '../core/model/secret-issue.ts';

/** A secret that is not a string, or that anybody could guess. The message names the secret, never a value. */
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
export const defaultMaxAgeMs = 5 * 60 * 1000;
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

/** The fields of a JSON object whose strings are secrets, by the names that rotations give them. */
const secretFields = ['secret', 'new', 'current', 'old', 'previous'] as const;

/** The secrets of a webhook that may verify a delivery, and why others may not. */
export interface WebhookSecrets {
  readonly secrets: readonly string[];
  /** Each names the secret and its part, what was expected and what came, never a value. */
  readonly issues: readonly string[];
}

/**
 * Takes a webhook's secrets out of a secret's value: the value itself, the strings of a JSON list (`["new","old"]`), or
 * those of a JSON object's documented fields, so that several are valid during a rotation. A line end at the end is not
 * part of it.
 * @param acceptsTestSecrets whether those of the local stack count, which anybody can read in the repository
 * @throws SecretError where no part of it is a secret: then nothing may verify by it
 */
export function webhookSecretsIn(
  secretId: string,
  value: string,
  acceptsTestSecrets: boolean,
): WebhookSecrets {
  const issues: string[] = [];
  const secrets = partsOf(value.replace(/\r?\n$/, '')).flatMap(({ name, part }) => {
    const issue = issueOf(part, acceptsTestSecrets);
    if (typeof part === 'string' && issue === undefined) return [part];
    issues.push(`Expected ${name} of the secret ${secretId} to be ${expected}, but ${issue}`);
    return [];
  });
  if (secrets.length > 0) return { secrets, issues };
  const none = `Expected the secret ${secretId} to hold ${expected}, or a JSON list of such strings, or an object with ${secretFields.join(', ')}; got none`;
  throw new SecretError(issues.length > 0 ? issues.join('. ') : none);
}

const expected = `a string of ${minKeyBytes} random bytes or more`;

function issueOf(part: unknown, acceptsTestSecrets: boolean): string | undefined {
  if (typeof part !== 'string') return `it is not a string`;
  if (isTestSecret(part)) return acceptsTestSecrets ? undefined : 'it is a test secret of the local stack';
  return secretIssue(part);
}

/** @returns what may be secrets, with their names; an object's fields that are not documented do not count */
function partsOf(value: string): readonly { readonly name: string; readonly part: unknown }[] {
  const json = jsonIn(value);
  if (Array.isArray(json)) return json.map((part, index) => ({ name: `item ${index + 1}`, part }));
  if (!isRecord(json)) return [{ name: 'the value', part: value }];
  return secretFields.filter((name) => Object.hasOwn(json, name)).map((name) => ({ name, part: json[name] }));
}

function jsonIn(value: string): unknown {
  if (!/^\s*[[{]/.test(value)) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    // A secret may well begin with a bracket.
    return undefined;
  }
}

/** SHA-256 of the test secrets of the local stack, without white space and escaped line ends. */
const testSecretHashes: readonly string[] = [
  // Contentstack: the public half of `infra/cli/webhooks/contentstack-test-key.ts`.
  '3452c0e67a7542c096d8a8593e5f4f056e73a412eac0615ee10b0482311b5527',
  // Contentful.
  'cfe026ecfa120e90f6c71c41e36d6cf584a9e48c3c146327f3600cf8ff458aab',
  // Standard Webhooks.
  '7605e0531442bca65c59ec2a930cc1829a51f15b0f9237b65f322ea4bbced27f',
];

/** Whether a secret is one of the local stack, whose private half or value is in the repository. */
function isTestSecret(secret: string): boolean {
  const bare = secret.replace(/\\n|\s/g, '');
  return (
    bare.endsWith('-test-secret') ||
    testSecretHashes.includes(createHash('sha256').update(bare).digest('hex'))
  );
}

/** @returns a reader of webhooks' secrets; `refuse` is called once for each issue of a value */
export function createWebhookSecretReader(
  reader: SecretReader,
  acceptsTestSecrets: boolean,
  refuse: (secretId: string, issue: string) => void,
): (secretId: string, maxAgeMs?: number) => Promise<readonly string[]> {
  const known = new Map<string, { readonly value: string; readonly secrets: readonly string[] }>();
  return async (secretId, maxAgeMs) => {
    const value = await reader.read(secretId, maxAgeMs);
    const before = known.get(secretId);
    if (before?.value === value) return before.secrets;
    const { secrets, issues } = webhookSecretsIn(secretId, value, acceptsTestSecrets);
    for (const issue of issues) refuse(secretId, issue);
    known.set(secretId, { value, secrets });
    return secrets;
  };
}
