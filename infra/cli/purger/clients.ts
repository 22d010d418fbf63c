import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogsClient, CloudWatchLogsClientConfig } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { STSClient } from '@aws-sdk/client-sts';
import { clientOptions } from '../../../functions/aws/client-options.ts';

/** Clients of AWS's services, each loaded when a command first needs it. */
export interface Clients {
  readonly sqs: () => Promise<SQSClient>;
  /** @param region that of the table, where it is another one */
  readonly dynamodb: (region?: string) => Promise<DynamoDBClient>;
  readonly secretsManager: () => Promise<SecretsManagerClient>;
  readonly lambda: () => Promise<LambdaClient>;
  readonly eventBridge: () => Promise<EventBridgeClient>;
  /** Missing on the local stack, which has no alarms. */
  readonly cloudWatch?: () => Promise<CloudWatchClient>;
  /** Missing on the local stack, whose buckets need no configuration. */
  readonly s3?: () => Promise<S3Client>;
  /** Reads objects; missing on a local stack of an older version. */
  readonly objects?: () => Promise<S3Client>;
  /** Reads the functions' logs; missing on a local stack of an older version. */
  readonly logs?: () => Promise<CloudWatchLogsClient>;
  /** Missing on the local stack, where everybody is the same. */
  readonly sts?: () => Promise<STSClient>;
}

/** Where the services of a local stack are. */
export interface LocalServices {
  readonly region: string;
  readonly endpoints: Readonly<
    Record<'sqs' | 'dynamodb' | 'secretsManager' | 'lambda' | 'eventBridge', string> & {
      readonly s3?: string;
      readonly logs?: string;
    }
  >;
}

/** @returns clients by the user's own credentials and region */
export function awsClients(): Clients {
  return {
    ...clientsWith(() => ({})),
    cloudWatch: async () => new (await import('@aws-sdk/client-cloudwatch')).CloudWatchClient(clientOptions),
    s3: async () => new (await import('@aws-sdk/client-s3')).S3Client(clientOptions),
    objects: () => objectsClient({ followRegionRedirects: true }),
    logs: () => logsClient({}),
    sts: async () => new (await import('@aws-sdk/client-sts')).STSClient(clientOptions),
  };
}

/** @returns clients of a local stack, which accepts any credentials */
export function localClients({ region, endpoints }: LocalServices): Clients {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const { s3, logs } = endpoints;
  return {
    ...clientsWith((service) => ({ region, credentials, endpoint: endpoints[service] })),
    ...(s3 !== undefined && {
      objects: () => objectsClient({ region, credentials, endpoint: s3, forcePathStyle: true }),
    }),
    ...(logs !== undefined && { logs: () => logsClient({ region, credentials, endpoint: logs }) }),
  };
}

async function objectsClient(options: S3ClientConfig): Promise<S3Client> {
  return new (await import('@aws-sdk/client-s3')).S3Client({ ...clientOptions, ...options });
}

async function logsClient(options: CloudWatchLogsClientConfig): Promise<CloudWatchLogsClient> {
  return new (await import('@aws-sdk/client-cloudwatch-logs')).CloudWatchLogsClient({
    ...clientOptions,
    // An account may call FilterLogEvents some times a second, and each function's log is read twice for each hour.
    retryMode: 'adaptive',
    maxAttempts: 10,
    ...options,
  });
}

type Service = Exclude<keyof LocalServices['endpoints'], 's3' | 'logs'>;

function clientsWith(optionsOf: (service: Service) => object): Clients {
  const options = (service: Service) => ({ ...clientOptions, ...optionsOf(service) });
  return {
    sqs: async () => new (await import('@aws-sdk/client-sqs')).SQSClient(options('sqs')),
    dynamodb: async (region) =>
      new (await import('@aws-sdk/client-dynamodb')).DynamoDBClient({
        ...options('dynamodb'),
        ...(region !== undefined && { region }),
      }),
    secretsManager: async () =>
      new (await import('@aws-sdk/client-secrets-manager')).SecretsManagerClient(options('secretsManager')),
    lambda: async () => new (await import('@aws-sdk/client-lambda')).LambdaClient(options('lambda')),
    eventBridge: async () =>
      new (await import('@aws-sdk/client-eventbridge')).EventBridgeClient(options('eventBridge')),
  };
}
