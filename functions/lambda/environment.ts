import { PurgerError } from '../core/model/errors.ts';

/** Names of the environment variables that the stack sets and the handlers read. */
export const environment = {
  /** Tells the metrics of several purgers in one account apart. */
  purgerName: 'PURGER_NAME',
  bufferQueueUrl: 'BUFFER_QUEUE_URL',
  deadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  /** Of `submit`: name or ARN of the table that holds the window, which may be another deployment's. */
  ledgerTableName: 'LEDGER_TABLE_NAME',
  /** ARN or name of the secret with CDN Pro's credentials. */
  credentialsSecretId: 'CREDENTIALS_SECRET_ID',
  /** Scheme and host of CDN Pro's API. */
  cdnProEndpoint: 'CDN_PRO_ENDPOINT',
  /** JSON: `{ "requests", "perSeconds", "headroom" }`. */
  rateLimit: 'RATE_LIMIT',
  /** JSON: `{ "maxFileUrls", "maxBodyBytes", "coalesce"?, "coalesceAbove"? }`, as in `functions/submit/ports.ts`. */
  requestLimits: 'REQUEST_LIMITS',
  /** JSON: which of the objects that topics and queues tell of are wanted, as in `functions/core/model/object-filter.ts`. */
  watchedObjects: 'WATCHED_OBJECTS',
  /** JSON: by the webhook's name, `{ "source", "secrets", "options", "rememberDays" }`; compressed where it is long. */
  webhooks: 'WEBHOOKS',
  /** JSON: the ARNs of the webhooks' secrets. */
  webhookSecretIds: 'WEBHOOK_SECRET_IDS',
} as const;

/** An environment variable that is missing: the stack and the function do not fit together. */
export class MissingVariableError extends PurgerError {
  override readonly name = 'MissingVariableError';
}

/** @returns the purger's name, and a stand-in where a function runs without a stack around it */
export function purgerName(): string {
  return process.env[environment.purgerName] ?? 'unnamed';
}

/**
 * @returns the value of an environment variable
 * @throws MissingVariableError that names it
 */
export function readVariable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new MissingVariableError(`Expected ${name} in the environment, got nothing`);
  return value;
}
