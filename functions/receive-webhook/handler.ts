import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { sendMessages } from '../aws/buffer.ts';
import { createSecretReader } from '../aws/secrets.ts';
import { environment, readVariable } from '../environment.ts';
import { createLogger } from '../logger.ts';
import { loadRules } from '../mapping.ts';
import type { WebhookRequest } from '../sources/webhook-source.ts';
import { type ReceivePorts, receiveWebhook, type WebhookConfig } from './receive-webhook.ts';

const log = createLogger('receive-webhook');
const nowMs = Date.now;
const sqs = new SQSClient();
const secrets = createSecretReader(new SecretsManagerClient(), nowMs);
const bufferQueueUrl = readVariable(environment.bufferQueueUrl);
const ports: ReceivePorts = {
  webhooks: JSON.parse(readVariable(environment.webhooks)) as Record<string, WebhookConfig>,
  readSecret: secrets.read,
  rules: loadRules(),
  send: (messages) => sendMessages(sqs, bufferQueueUrl, messages),
  nowMs,
  log,
};

async function receive(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  const { statusCode, body } = await receiveWebhook(
    event.pathParameters?.source ?? '',
    readRequest(event),
    ports,
  );
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** The request as its sender made it: bytes, and the path that a signature may cover. */
function readRequest({
  requestContext,
  rawPath,
  rawQueryString,
  headers,
  body,
  isBase64Encoded,
}: APIGatewayProxyEventV2): WebhookRequest {
  return {
    method: requestContext.http.method,
    path: rawQueryString === '' ? rawPath : `${rawPath}?${rawQueryString}`,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value ?? '']),
    ),
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>()
  .use(injectLambdaContext(log))
  .handler(receive);
