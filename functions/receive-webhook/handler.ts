import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { clientOptions } from '../aws/client-options.ts';
import { createSecretReader, createWebhookSecretReader } from '../aws/secrets.ts';
import { createSeenDeliveries } from '../aws/tables/deliveries-table.ts';
import { createMemory } from '../aws/tables/entry-memory-table.ts';
import { sendMessages } from '../buffer/send-messages.ts';
import { compileRules } from '../core/mapping/compile-rules.ts';
import { loadMapping } from '../lambda/bundled-rules.ts';
import { readEnvironment } from '../lambda/environment.ts';
import { webhookEvents } from '../lambda/log-events.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { type EnqueueWebhookPorts, hasLists } from './enqueue-webhook.ts';
import { readHttpRequest } from './http-request.ts';
import { type ReceivePorts, receiveWebhook } from './receive-webhook.ts';
import { readWebhooks } from './webhook-config.ts';

const log = createLogger('receive-webhook');
const { measure, publishMetrics } = createMetrics('receive-webhook');
const nowMs = Date.now;
const sqs = new SQSClient(clientOptions);
const secrets = createSecretReader(new SecretsManagerClient(clientOptions), nowMs);
/** On AWS no secret comes from this machine: the local stack's secrets, which anybody knows, count there alone. */
const isLocalStack = /^http:\/\/(127\.0\.0\.1|localhost):/.test(
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER ?? '',
);
const { bufferQueueUrl, deadLetterQueueUrl, ledgerTableName, webhooks, webhookSecretIds } = readEnvironment(
  'bufferQueueUrl',
  'deadLetterQueueUrl',
  'ledgerTableName',
  'webhooks',
  'webhookSecretIds',
);
const dynamodb = { client: new DynamoDBClient(clientOptions), tableName: ledgerTableName };
const mapping = loadMapping();
const ports: ReceivePorts = {
  webhooks: readWebhooks(webhooks, webhookSecretIds),
  readSecrets: createWebhookSecretReader(secrets, isLocalStack, (secret, reason) =>
    log.error(webhookEvents.secretRefused, { secret, reason }),
  ),
  memory: createMemory({ ...dynamodb, nowMs }),
  deliveries: createSeenDeliveries({ ...dynamodb, nowMs }),
  rules: compileRules(mapping),
  purgeByPrefix,
  hasLists: hasLists(mapping.rules),
  send: (messages) => sendMessages(sqs, bufferQueueUrl, messages),
  reject: (messages) => sendMessages(sqs, deadLetterQueueUrl, messages),
  nowMs,
  log,
  measure,
};

/** Loaded with the first delivery that does not say what changed, which is seldom. */
async function purgeByPrefix(
  ...[change]: Parameters<EnqueueWebhookPorts['purgeByPrefix']>
): ReturnType<EnqueueWebhookPorts['purgeByPrefix']> {
  const url = new URL('purge-by-prefix.lazy.mjs', import.meta.url).href;
  const module = (await import(url)) as typeof import('./purge-by-prefix.lazy.ts');
  return module.purgeByPrefix(change);
}

async function receive(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  // The last part of the path, by whichever route it came: while a stack is updated, also by one for all names.
  const name = event.rawPath.slice(event.rawPath.lastIndexOf('/') + 1);
  const { statusCode, body } = await receiveWebhook(name, readHttpRequest(event), ports);
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .use(publishMetrics())
  .handler(receive);
