import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateQueueCommand, SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import * as z from 'zod';
import { isRecord, LocalStackError } from './intrinsics.ts';
import { type ObjectWrite, watchObjectWrites } from './s3-events.ts';
import { localAccountId, nameInArn, type StackTemplate } from './template.ts';

/** A port that was asked for belongs to someone else. */
export class PortInUseError extends LocalStackError {
  override readonly name = 'PortInUseError';
  constructor(port: number, purpose: string) {
    super(`Port ${port} is in use; the local stack wanted it for ${purpose}. Free it or choose another one.`);
  }
}

/** The credentials that every local client uses. The emulators accept any. */
export const localCredentials = {
  accessKeyId: 'local',
  secretAccessKey: 'local',
  sessionToken: 'local',
} as const;

/** Where emulators listen; a port left out is a free one. */
export interface EmulatorPorts {
  readonly s3AndSqs?: number;
  readonly dynamodb?: number;
  readonly secretsManager?: number;
}

/** A secret as the Secrets Manager endpoint answers with it. */
export interface FoundSecret {
  readonly arn: string;
  readonly name: string;
  readonly value: string;
}

/** The emulators, listening. */
export interface Emulators {
  /** URLs without a slash at their end. S3 and SQS share one. */
  readonly endpoints: {
    readonly s3: string;
    readonly sqs: string;
    readonly dynamodb: string;
    readonly secretsManager: string;
  };
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  /** Creates a bucket; one that is there stays as it is. */
  readonly createBucket: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Ends a server or a client. */
export type Stop = () => Promise<void> | void;

/**
 * Starts S3 and SQS (fauxqs), DynamoDB (dynalite) and a Secrets Manager endpoint, all of them empty and on 127.0.0.1.
 * @throws {PortInUseError} for a port that is taken; what had started is stopped then.
 */
export async function startEmulators(options: {
  readonly region: string;
  readonly ports?: EmulatorPorts;
  readonly findSecret: (secretId: string) => FoundSecret | undefined;
  readonly onObjectWrite: (write: ObjectWrite) => void;
}): Promise<Emulators> {
  const { region, ports = {} } = options;
  const stops: Stop[] = [];
  try {
    const storage = await startS3AndSqs(region, ports.s3AndSqs, options.onObjectWrite, stops);
    const dynamodbUrl = await startDynamodb(ports.dynamodb, stops);
    const secretsServer = createServer(
      (request, response) => void answerSecrets(request, response, options.findSecret),
    );
    const secretsManager = await listen(secretsServer, ports.secretsManager, 'Secrets Manager');
    stops.push(() => closeServer(secretsServer));
    const client = { region, credentials: localCredentials, maxAttempts: 1 };
    const sqs = new SQSClient({ ...client, endpoint: storage.url });
    const dynamodb = new DynamoDBClient({ ...client, endpoint: dynamodbUrl });
    stops.push(
      () => sqs.destroy(),
      () => dynamodb.destroy(),
    );
    return {
      endpoints: { s3: storage.url, sqs: storage.url, dynamodb: dynamodbUrl, secretsManager },
      sqs,
      dynamodb,
      createBucket: storage.createBucket,
      stop: () => stopAll(stops),
    };
  } catch (error) {
    await stopAll(stops);
    throw error;
  }
}

/** Runs every stop at once, and waits for all of them; the errors of a stop are of no more use to anybody. */
export async function stopAll(stops: readonly Stop[]): Promise<void> {
  await Promise.allSettled(stops.map(async (stop) => stop()));
}

async function startS3AndSqs(
  region: string,
  port: number | undefined,
  onObjectWrite: (write: ObjectWrite) => void,
  stops: Stop[],
) {
  const app = buildApp({ logger: false, defaultRegion: region });
  watchObjectWrites(app, onObjectWrite);
  // fauxqs hands out queue URLs on a host that does not resolve: `http://sqs.{region}.localhost:PORT/...`.
  app.addHook('onSend', async (request, _reply, payload) =>
    typeof payload === 'string' && String(request.headers['x-amz-target']).startsWith('AmazonSQS.')
      ? payload.replace(/http:\/\/sqs\.[\w-]+\.localhost:(\d+)\//g, 'http://127.0.0.1:$1/')
      : payload,
  );
  const url = await app
    .listen({ port: port ?? 0, host: '127.0.0.1' })
    .catch((error) => refusePort(error, port, 'S3 and SQS'));
  stops.push(() => app.close());
  return {
    url,
    async createBucket(name: string) {
      const { statusCode, body } = await app.inject({ method: 'PUT', url: `/${name}` });
      if (statusCode !== 200) throw new LocalStackError(`The bucket ${name} could not be created: ${body}`);
    },
  };
}

async function startDynamodb(port: number | undefined, stops: Stop[]): Promise<string> {
  const dynalite = createRequire(import.meta.url)('dynalite') as (options: object) => Server;
  const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  // dynalite throws, out of reach, when a client is gone before its answer, as a Lambda child killed at its timeout is.
  server.on('request', (request: IncomingMessage) => {
    request.removeAllListeners('error');
    request.on('error', () => {});
  });
  const url = await listen(server, port, 'DynamoDB');
  stops.push(() => closeServer(server));
  return url;
}

/**
 * Makes a server listen on 127.0.0.1.
 * @param port a free one where it is undefined.
 * @returns the server's URL, without a slash at its end.
 * @throws {PortInUseError} that names the port and its purpose.
 */
export async function listen(server: Server, port: number | undefined, purpose: string): Promise<string> {
  await new Promise<void>((settle, reject) => {
    server.once('error', reject);
    server.listen({ port: port ?? 0, host: '127.0.0.1' }, settle);
  }).catch((error) => refusePort(error, port, purpose));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends a server at once, with the connections it still has. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((settle) => {
    server.close(() => settle());
    server.closeAllConnections();
  });
}

function refusePort(error: unknown, port: number | undefined, purpose: string): never {
  const isTaken = isRecord(error) && (error.code === 'EADDRINUSE' || error.code === 'EACCES');
  throw isTaken && port !== undefined ? new PortInUseError(port, purpose) : error;
}

/** Queues */

const numeric = z.coerce.number();
const flag = z.union([z.boolean(), z.stringbool()]);
const queueSchema = z.object({
  VisibilityTimeout: numeric.optional(),
  DelaySeconds: numeric.optional(),
  MaximumMessageSize: numeric.optional(),
  MessageRetentionPeriod: numeric.optional(),
  ReceiveMessageWaitTimeSeconds: numeric.optional(),
  FifoQueue: flag.optional(),
  ContentBasedDeduplication: flag.optional(),
});
const redriveSchema = z.object({
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: numeric }).optional(),
});

/** Creates the template's queues with their settings, then their dead-letter queues' part. */
export async function createQueues(template: StackTemplate, { sqs }: Emulators): Promise<void> {
  const queues = template.resources('AWS::SQS::Queue');
  const names = queues.map(template.physicalName);
  for (const queue of queues) {
    const settings = Object.entries(template.properties(queue, queueSchema));
    const Attributes = Object.fromEntries(settings.map(([name, value]) => [name, String(value)]));
    await sqs.send(new CreateQueueCommand({ QueueName: template.physicalName(queue), Attributes }));
  }
  for (const queue of queues) {
    const { RedrivePolicy } = template.properties(queue, redriveSchema);
    if (RedrivePolicy === undefined) continue;
    if (!names.includes(nameInArn(RedrivePolicy.deadLetterTargetArn))) {
      throw new LocalStackError(
        `The dead-letter queue of ${queue.logicalId} is not part of the stack: ${RedrivePolicy.deadLetterTargetArn}.`,
      );
    }
    const Attributes = { RedrivePolicy: JSON.stringify(RedrivePolicy) };
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl: template.ref(queue), Attributes }));
  }
}

/** Tables */

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const indexSchema = z.array(
  z.object({
    IndexName: z.string(),
    KeySchema: keySchema,
    Projection: z
      .object({
        ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']).optional(),
        NonKeyAttributes: z.array(z.string()).optional(),
      })
      .default({ ProjectionType: 'ALL' }),
  }),
);
const tableSchema = z.object({
  AttributeDefinitions: z.array(
    z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: indexSchema.optional(),
  LocalSecondaryIndexes: indexSchema.optional(),
});

/** Creates the template's tables with their keys and indexes, on demand whatever their billing, and waits until they serve. */
export async function createTables(template: StackTemplate, { dynamodb }: Emulators): Promise<void> {
  for (const type of ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable']) {
    for (const table of template.resources(type)) {
      const { GlobalSecondaryIndexes, LocalSecondaryIndexes, ...keys } = template.properties(
        table,
        tableSchema,
      );
      const TableName = template.physicalName(table);
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          ...keys,
          ...(GlobalSecondaryIndexes && { GlobalSecondaryIndexes: GlobalSecondaryIndexes.map(asIndex) }),
          ...(LocalSecondaryIndexes && { LocalSecondaryIndexes: LocalSecondaryIndexes.map(asIndex) }),
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      while (!(await isActive(dynamodb, TableName))) await new Promise((settle) => setTimeout(settle, 5));
    }
  }
}

function asIndex({ IndexName, KeySchema, Projection }: z.output<typeof indexSchema>[number]) {
  const { ProjectionType = 'ALL', NonKeyAttributes } = Projection;
  return {
    IndexName,
    KeySchema,
    Projection: { ProjectionType, ...(NonKeyAttributes && { NonKeyAttributes }) },
  };
}

async function isActive(dynamodb: DynamoDBClient, TableName: string): Promise<boolean> {
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  return Table?.TableStatus === 'ACTIVE';
}

/** Secrets */

const secretSchema = z.object({
  SecretString: z.string().optional(),
  GenerateSecretString: z
    .object({
      SecretStringTemplate: z.string().optional(),
      GenerateStringKey: z.string().optional(),
      PasswordLength: numeric.default(32),
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
  const ids = [secretId, ...names, ...(declared ? [declared.arn, declared.name] : [])];
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
async function answerSecrets(
  request: IncomingMessage,
  response: import('node:http').ServerResponse,
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
