import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { requestTimeoutMs } from '../cdn-pro/client.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { portsFromEnvironment } from './ports-from-environment.ts';
import { submitInHalves } from './submit-in-halves.ts';

/** Time that is left when sending stops: for a last request, and for requeuing a full batch. */
const shutdownBudgetMs = requestTimeoutMs + 20_000;
/** Time that is left when requeuing stops: for a last batch of messages. */
const lastBatchMs = 4_000;

const log = createLogger('submit');
const { measure, publishMetrics } = createMetrics('submit');
const { ports, options } = portsFromEnvironment(log, measure);

async function submit(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const endMs = ports.nowMs() + context.getRemainingTimeInMillis();
  const failedIds = await submitInHalves(event.Records, ports, {
    ...options,
    deadlineMs: endMs - shutdownBudgetMs,
    hasTime: () => ports.nowMs() < endMs - lastBatchMs,
  });
  return { batchItemFailures: failedIds.map((itemIdentifier) => ({ itemIdentifier })) };
}

export const handler = middy<SQSEvent, SQSBatchResponse>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .use(publishMetrics())
  .handler(submit);
