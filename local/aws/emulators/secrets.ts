import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { localAccountId, nameInArn } from '../template/identifiers.ts';
import type { StackTemplate } from '../template/template.ts';

/** A secret as the Secrets Manager endpoint answers with it. */
export interface FoundSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
}

const secretSchema = z.object({
  SecretString: z.string().optional(),
  GenerateSecretString: z
    .object({
      SecretStringTemplate: z.string().optional(),
      GenerateStringKey: z.string().optional(),
      PasswordLength: z.coerce.number().default(32),
    })
    .optional(),
});

/** The secrets that the template itself makes, generated ones with a value that lasts as long as the local stack. */
export function declaredSecrets(template: StackTemplate): FoundSecret[] {
  return template.resources('AWS::SecretsManager::Secret').map((secret) => {
    const { SecretString, GenerateSecretString } = template.properties(secret, secretSchema);
    return {
      arn: template.ref(secret),
      name: template.physicalName(secret),
      value: SecretString ?? generateSecret(GenerateSecretString),
    };
  });
}

function generateSecret(settings: z.output<typeof secretSchema>['GenerateSecretString']): string {
  const { PasswordLength = 32, SecretStringTemplate = '{}', GenerateStringKey } = settings ?? {};
  const password = randomBytes(PasswordLength).toString('base64url').slice(0, PasswordLength);
  if (GenerateStringKey === undefined) return password;
  return JSON.stringify({ ...JSON.parse(SecretStringTemplate), [GenerateStringKey]: password });
}

/**
 * Finds a secret by what a client asks for: its name, its ARN, or its ARN without the six characters at its end.
 * A given value is preferred to what the template declares.
 * @returns undefined where there is no such secret.
 */
export function findSecret(
  secretId: string,
  sources: {
    readonly region: string;
    readonly given: (secretId: string) => string | undefined;
    readonly declared: readonly FoundSecret[];
  },
): FoundSecret | undefined {
  const named = nameInArn(secretId);
  const names = [named, ...(secretId.startsWith('arn:') ? [named.replace(/-[A-Za-z0-9]{6}$/, '')] : [])];
  const declared = sources.declared.find(({ arn, name }) => arn === secretId || names.includes(name));
  const ids = [...names, secretId, ...(declared ? [declared.arn, declared.name] : [])];
  const givenAs = ids.find((id) => sources.given(id) !== undefined);
  const value = (givenAs === undefined ? undefined : sources.given(givenAs)) ?? declared?.value;
  if (value === undefined) return undefined;
  const name = declared?.name ?? nameInArn(givenAs ?? named);
  return { name, value, arn: declared?.arn ?? secretArn(secretId, name, sources.region) };
}

function secretArn(secretId: string, name: string, region: string): string {
  return secretId.startsWith('arn:')
    ? secretId
    : `arn:aws:secretsmanager:${region}:${localAccountId}:secret:${name}-LoCaL1`;
}

const secretVersionId = randomUUID();
const startedAtSeconds = Date.now() / 1000;
const getSecretSchema = z.object({
  SecretId: z.string().min(1),
  VersionStage: z.string().default('AWSCURRENT'),
});

/**
 * Answers one request to Secrets Manager in the AWS JSON 1.1 protocol: GetSecretValue and DescribeSecret.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 */
export async function answerSecrets(
  request: IncomingMessage,
  response: ServerResponse,
  find: (secretId: string) => FoundSecret | undefined,
): Promise<void> {
  const body = await readText(request).catch(() => '');
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
  if (operation !== 'GetSecretValue' && operation !== 'DescribeSecret') {
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
  const common = { ARN: secret.arn, Name: secret.name, CreatedDate: startedAtSeconds };
  const content =
    operation === 'DescribeSecret'
      ? { ...common, VersionIdsToStages: { [secretVersionId]: ['AWSCURRENT'] } }
      : { ...common, SecretString: secret.value, VersionId: secretVersionId, VersionStages: ['AWSCURRENT'] };
  return { content };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
