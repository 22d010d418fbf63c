import { setTimeout as sleep } from 'node:timers/promises';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { clientOptions } from '../aws/client-options.ts';
import { createLedger, slowestWriteMs } from '../aws/rate-limit-table.ts';
import { createSecretReader } from '../aws/secrets.ts';
import { countMessages, sendMessages } from '../buffer/send-messages.ts';
import { parseCredentials } from '../cdn-pro/auth.ts';
import { createCdnProClient, requestTimeoutMs } from '../cdn-pro/client.ts';
import type { RateLimit } from '../core/limits/window.ts';
import type { RequestLimits } from '../core/planning/plan.ts';
import { loadRules } from '../lambda/bundled-rules.ts';
import { environment, readVariable } from '../lambda/environment.ts';
import { submitEvents } from '../lambda/log-events.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import type { SubmitOptions, SubmitPorts } from './ports.ts';
import { recoverMessage } from './recover-s3-event.ts';
import { submitBatch } from './submit-batch.ts';

/** What is left of the function's time when sending stops: a last request, and requeueing a full batch. */
const shutdownBudgetMs = requestTimeoutMs + 20_000;
/** The most that clocks are taken to differ. */
const clockDifferenceMs = 2_000;
/** A request arrives at most its timeout after its slot was written down. */
const guardMs = slowestWriteMs + requestTimeoutMs + clockDifferenceMs;

const logger = createLogger('submit');
const { measure, publishMetrics } = createMetrics('submit');
const nowMs = Date.now;
const sqs = new SQSClient(clientOptions);
const secrets = createSecretReader(new SecretsManagerClient(clientOptions), nowMs);
const credentialsSecretId = readVariable(environment.credentialsSecretId);
const bufferQueueUrl = readVariable(environment.bufferQueueUrl);
const deadLetterQueueUrl = readVariable(environment.deadLetterQueueUrl);
const ledgerTable = readVariable(environment.ledgerTableName);
/** Read when an S3 event comes back from the dead letter queue, which is seldom. */
let rules: ReturnType<typeof loadRules> | undefined;
/** What CDN Pro has shown of its limits since this environment started. */
let learned: Partial<RequestLimits> = {};
const { coalesceAbove, ...limits } = JSON.parse(readVariable(environment.requestLimits)) as RequestLimits &
  Pick<SubmitOptions, 'coalesceAbove'>;

const ports: SubmitPorts = {
  ledger: createLedger({
    client: new DynamoDBClient({ ...clientOptions, ...regionOf(ledgerTable) }),
    tableName: ledgerTable,
    deployment: bufferQueueUrl,
    limit: JSON.parse(readVariable(environment.rateLimit)) as RateLimit,
    onStricterLimit: ({ requests, perSeconds }) =>
      logger.warn(submitEvents.stricterLimit, {
        requests,
        perSeconds,
      }),
    guardMs,
    clockDifferenceMs,
    nowMs,
  }),
  cdnPro: createCdnProClient({
    endpoint: readVariable(environment.cdnProEndpoint),
    credentials: async () => parseCredentials(await secrets.read(credentialsSecretId)),
    nowMs,
  }),
  forgetCredentials: () => secrets.forget(credentialsSecretId),
  requeue: (messages) => sendMessages(sqs, bufferQueueUrl, messages),
  reject: (messages) => sendMessages(sqs, deadLetterQueueUrl, messages),
  recover: (body) => {
    rules ??= loadRules();
    return recoverMessage(body, rules);
  },
  learn: (shown) => {
    learned = shown;
  },
  backlog: () => countMessages(sqs, bufferQueueUrl),
  nowMs,
  sleep: (ms) => sleep(ms),
  random: Math.random,
  log: logger,
  measure,
};

/** A table that is named by its ARN may be in another region. */
function regionOf(table: string): { readonly region?: string } {
  const region = table.startsWith('arn:') ? table.split(':')[3] : undefined;
  return region ? { region } : {};
}

async function submit(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const deadlineMs = nowMs() + context.getRemainingTimeInMillis() - shutdownBudgetMs;
  const failedIds = await submitBatch(event.Records, ports, {
    limits: { ...limits, ...learned },
    ...(coalesceAbove === undefined ? {} : { coalesceAbove }),
    deadlineMs,
  });
  return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(logger))
  .use(publishMetrics())
  .handler(submit);
