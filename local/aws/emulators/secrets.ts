import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { localAccountId, nameInArn } from '../template/identifiers.ts';

/** A secret of the Secrets Manager endpoint. */
export interface FoundSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
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

const secretVersionId = randomUUID();
const startedAtSeconds = Date.now() / 1000;
const getSecretSchema = z.object({
  SecretId: z.string().min(1),
  VersionStage: z.string().default('AWSCURRENT'),
});

/**
 * Answers one request to Secrets Manager in the AWS JSON 1.1 protocol: GetSecretValue.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export async function answerSecrets(
  request: IncomingMessage,
  response: ServerResponse,
  find: (secretId: string) => FoundSecret | undefined,
): Promise<void> {
  const body = await readBody(request).catch(() => '');
  const answer = secretsAnswer(String(request.headers['x-amz-target']), body, find);
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

function secretsAnswer(
  target: string,
  body: string,
  find: (secretId: string) => FoundSecret | undefined,
): SecretsAnswer {
  const operation = target.replace('secretsmanager.', '');
  if (operation !== 'GetSecretValue') {
    return {
      error: 'UnknownOperationException',
      message: `${operation} is not supported by the local stack.`,
    };
  }
  const asked = getSecretSchema.safeParse(parseJson(body));
  if (!asked.success) return { error: 'InvalidParameterException', message: 'Expected a SecretId.' };
  const secret = asked.data.VersionStage === 'AWSCURRENT' ? find(asked.data.SecretId) : undefined;
  if (secret === undefined) {
    return {
      error: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    };
  }
  return {
    content: {
      ARN: secret.arn,
      Name: secret.name,
      CreatedDate: startedAtSeconds,
      SecretString: secret.value,
      VersionId: secretVersionId,
      VersionStages: ['AWSCURRENT'],
    },
  };
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
