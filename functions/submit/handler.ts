import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { requestTimeoutMs } from '../cdn-pro/client.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { portsFromEnvironment } from './ports-from-environment.ts';
import { submitBatch } from './submit-batch.ts';

/** Time that is left when sending stops: for a last request, and for requeuing a full batch. */
const shutdownBudgetMs = requestTimeoutMs + 20_000;

const log = createLogger('submit');
const { measure, publishMetrics } = createMetrics('submit');
const { ports, currentLimits } = portsFromEnvironment(log, measure);

async function submit(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const deadlineMs = ports.nowMs() + context.getRemainingTimeInMillis() - shutdownBudgetMs;
  const failedIds = await submitBatch(event.Records, ports, { ...currentLimits(), deadlineMs });
  return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .use(publishMetrics())
  .handler(submit);
