import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { requestTimeoutMs } from '../cdn-pro/client.ts';
import { createLogger } from '../lambda/logger.ts';
import { createMetrics } from '../lambda/metrics.ts';
import { sourceMappedErrors } from '../lambda/source-mapped-errors.ts';
import { tickFromEnvironment } from './ports-from-environment.ts';

/** Time that is left when nothing more is begun: for what is being sent and removed. */
const shutdownBudgetMs = requestTimeoutMs;

const log = createLogger('tick');
const { measure, publishMetrics } = createMetrics('tick');
const tick = tickFromEnvironment(log, measure);

export const handler = middy<unknown, void>()
  .use(sourceMappedErrors(import.meta.url))
  .use(injectLambdaContext(log))
  .use(publishMetrics())
  .handler(async (_event: unknown, context: Context) => {
    const endMs = Date.now() + context.getRemainingTimeInMillis();
    await tick({ endMs, deadlineMs: endMs - shutdownBudgetMs });
  });
