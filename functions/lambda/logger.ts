import { Logger } from '@aws-lambda-powertools/logger';
import { purgerName } from './environment.ts';
import { LeanLogFormatter } from './log-format.ts';

/**
 * @returns a logger that writes one JSON object a line, with the service's name, and the purger's where the line counts
 *   something: both are the dimensions of that; its level is POWERTOOLS_LOG_LEVEL, by default INFO
 */
export function createLogger(serviceName: string): Logger {
  return new Logger({
    serviceName,
    persistentKeys: { purger: purgerName() },
    logFormatter: new LeanLogFormatter(),
  });
}
