import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { Context, SQSBatchResponse } from 'aws-lambda';
import { clientOptions } from '../aws/client-options.ts';
import { type OutgoingMessage, sendMessages } from '../buffer/send-messages.ts';
import { compileRules } from '../core/mapping/compile-rules.ts';
import { loadMapping } from '../lambda/bundled-rules.ts';
import { readEnvironment, readOptionalVariable } from '../lambda/environment.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { receiveS3Event } from './receive-s3-event.ts';
import { skipFromEnvironment } from './skip-from-environment.ts';

/** Time that is left when sending stops: for the last batch, and for the answer. */
const shutdownBudgetMs = 5_000;

const log = createLogger('receive-s3');
const { measure, publishMetrics } = createMetrics('receive-s3');
const sqs = new SQSClient(clientOptions);
const { bufferQueueUrl, deadLetterQueueUrl } = readEnvironment('bufferQueueUrl', 'deadLetterQueueUrl');
const mapping = loadMapping();
const ports = {
  rules: compileRules(mapping),
  carriers: readOptionalVariable('watchedObjects'),
  skipUnchanged:
    readOptionalVariable('skipUnchanged') === undefined ? undefined : skipFromEnvironment(mapping),
  log,
  measure,
};

/** Answers in the form that SQS's event source reads; other callers ignore it. */
async function receive(event: unknown, context: Context): Promise<SQSBatchResponse> {
  const hasTime = () => context.getRemainingTimeInMillis() > shutdownBudgetMs;
  const sendTo = (queueUrl: string) => (messages: readonly OutgoingMessage[]) =>
    sendMessages(sqs, queueUrl, messages, hasTime);
  const failedIds = await receiveS3Event(event, {
    ...ports,
    send: sendTo(bufferQueueUrl),
    reject: sendTo(deadLetterQueueUrl),
  });
  return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = middy<unknown, SQSBatchResponse>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .use(publishMetrics())
  .handler(receive);
