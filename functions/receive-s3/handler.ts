import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSBatchResponse } from 'aws-lambda';
import { sendMessages } from '../aws/buffer.ts';
import type { EnqueuePorts } from '../enqueue.ts';
import { environment, readVariable } from '../environment.ts';
import { createLogger } from '../logger.ts';
import { loadRules } from '../mapping.ts';
import { receiveS3Event } from './receive-s3-event.ts';

const log = createLogger('receive-s3');
const sqs = new SQSClient();
const bufferQueueUrl = readVariable(environment.bufferQueueUrl);
const ports: EnqueuePorts = {
  rules: loadRules(),
  send: (messages) => sendMessages(sqs, bufferQueueUrl, messages),
  log,
};

/** Answers in the form that SQS's event source reads; other callers ignore it. */
async function receive(event: unknown): Promise<SQSBatchResponse> {
  const failedIds = await receiveS3Event(event, ports);
  return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = middy<unknown, SQSBatchResponse>().use(injectLambdaContext(log)).handler(receive);
