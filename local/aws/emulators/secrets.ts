import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { localAccountId, nameInArn } from '../template/identifiers.ts';

/** A secret of the Secrets Manager endpoint. */
export interface FoundSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
}

/** A secret, and when its value was stored, in seconds since 1970. */
interface StoredSecret extends FoundSecret {
  readonly storedAtSeconds: number;
}

/**
 * Finds a secret by its name, its ARN, or its ARN without the six characters at its end.
 * @param valueById the value of a secret by name or ARN
 * @returns undefined where there is no such secret.
 */
export function findSecret(
  secretId: string,
  region: string,
  valueById: (secretId: string) => string | undefined,
): FoundSecret | undefined {
  const named = nameInArn(secretId);
  const isArn = secretId.startsWith('arn:');
  const ids = [named, ...(isArn ? [named.replace(/-[A-Za-z0-9]{6}$/, '')] : []), secretId];
  const id = ids.find((candidate) => valueById(candidate) !== undefined);
  const value = id === undefined ? undefined : valueById(id);
  if (id === undefined || value === undefined) return undefined;
  const name = nameInArn(id);
  const arn = isArn ? secretId : `arn:aws:secretsmanager:${region}:${localAccountId}:secret:${name}-LoCaL1`;
  return { name, value, arn };
}

/** The secrets of a stack. */
export interface Secrets {
  readonly find: (secretId: string) => StoredSecret | undefined;
  /** Stores a new value of a secret, until the end. @returns the secret; undefined where there is no such secret */
  readonly put: (secretId: string, value: string) => FoundSecret | undefined;
}

/** The first values are there since the day before. */
const firstStoredAtSeconds = Date.now() / 1000 - 86_400;

/** @param valueById the first value of a secret by name or ARN */
export function createSecrets(region: string, valueById: (secretId: string) => string | undefined): Secrets {
  const stored = new Map<string, Pick<StoredSecret, 'value' | 'storedAtSeconds'>>();
  const find = (secretId: string) => {
    const found = findSecret(secretId, region, valueById);
    return found && { ...found, storedAtSeconds: firstStoredAtSeconds, ...stored.get(found.name) };
  };
  return {
    find,
    put(secretId, value) {
      const found = find(secretId);
      if (found !== undefined) stored.set(found.name, { value, storedAtSeconds: Date.now() / 1000 });
      return found;
    },
  };
}

const getSecretSchema = z.object({
  SecretId: z.string().min(1),
  VersionStage: z.string().default('AWSCURRENT'),
});
const putSecretSchema = z.object({ SecretId: z.string().min(1), SecretString: z.string().min(1) });

/**
 * Answers one request to Secrets Manager in the AWS JSON 1.1 protocol: GetSecretValue, PutSecretValue.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
 */
export async function answerSecrets(
  request: IncomingMessage,
  response: ServerResponse,
  secrets: Secrets,
): Promise<void> {
  const body = await readBody(request).catch(() => '');
  const operation = String(request.headers['x-amz-target']).replace('secretsmanager.', '');
  const answer = secretsAnswer(operation, parseJson(body), secrets);
  const errorHeader = 'error' in answer ? { 'x-amzn-ErrorType': answer.error } : {};
  const content = 'error' in answer ? { __type: answer.error, Message: answer.message } : answer.content;
  response.writeHead('error' in answer ? 400 : 200, {
    'content-type': 'application/x-amz-json-1.1',
    'x-amzn-RequestId': randomUUID(),
    ...errorHeader,
  });
  response.end(JSON.stringify(content));
}

type SecretsAnswer = { readonly content: object } | { readonly error: string; readonly message: string };

function secretsAnswer(operation: string, json: unknown, { find, put }: Secrets): SecretsAnswer {
  if (operation === 'GetSecretValue') {
    const asked = getSecretSchema.safeParse(json);
    if (!asked.success) return { error: 'InvalidParameterException', message: 'Expected a SecretId.' };
    const secret = asked.data.VersionStage === 'AWSCURRENT' ? find(asked.data.SecretId) : undefined;
    if (secret === undefined) return missing;
    return {
      content: { ...versionOf(secret), CreatedDate: secret.storedAtSeconds, SecretString: secret.value },
    };
  }
  if (operation === 'PutSecretValue') {
    const asked = putSecretSchema.safeParse(json);
    if (!asked.success) {
      return { error: 'InvalidParameterException', message: 'Expected a SecretId and a SecretString.' };
    }
    const secret = put(asked.data.SecretId, asked.data.SecretString);
    return secret === undefined
      ? missing
      : { content: versionOf({ ...secret, value: asked.data.SecretString }) };
  }
  return { error: 'UnknownOperationException', message: `${operation} is not supported by the local stack.` };
}

const missing: SecretsAnswer = {
  error: 'ResourceNotFoundException',
  message: "Secrets Manager can't find the specified secret.",
};

function versionOf({ arn, name, value }: FoundSecret): object {
  // One ID for each value, as a new version has another one.
  const VersionId = createHash('sha256').update(value).digest('hex').slice(0, 32);
  return { ARN: arn, Name: name, VersionId, VersionStages: ['AWSCURRENT'] };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
