import { Logger } from '@aws-lambda-powertools/logger';
import { LeanLogFormatter } from './log-format.ts';

/**
 * @returns a logger that writes one JSON object a line, with the service's name; its level is POWERTOOLS_LOG_LEVEL, by
 *   default INFO
 */
export function createLogger(serviceName: string): Logger {
  return new Logger({ serviceName, logFormatter: new LeanLogFormatter() });
}
