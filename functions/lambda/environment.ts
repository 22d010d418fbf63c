import type { Limits } from '../core/limits/limits.ts';
import { PurgerError } from '../core/model/errors.ts';
import type { CarrierFilter, ObjectFilter } from '../core/model/objects/object-filter.ts';
import type { Planning } from '../core/planning/plan.ts';
import type { Vantages } from '../core/proving/vantages.ts';

/** Names of the environment variables that the stack sets and the handlers read. */
export const environment = {
  /** Tells the metrics of several purgers in one account apart. */
  purgerName: 'PURGER_NAME',
  /** The least important lines that Powertools' logger writes. */
  logLevel: 'POWERTOOLS_LOG_LEVEL',
  bufferQueueUrl: 'BUFFER_QUEUE_URL',
  deadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  /** Of `submit`: name or ARN of the table that holds the window, which may be another deployment's. */
  ledgerTableName: 'LEDGER_TABLE_NAME',
  /** The table of what waits for tokens of the day. */
  parkedTable: 'PARKED_TABLE',
  /** The table of what happened to each purge. */
  journalTable: 'JOURNAL_TABLE',
  /** ARN or name of the secret with CDN Pro's credentials. */
  credentialsSecretId: 'CREDENTIALS_SECRET_ID',
  /** Scheme and host of CDN Pro's API. */
  cdnProEndpoint: 'CDN_PRO_ENDPOINT',
  /** Of `submit`: `observe` where nothing is to be sent to CDN Pro; missing where it purges. */
  mode: 'MODE',
  /** The limits of CDN Pro's contract. */
  limits: 'LIMITS',
  /** What a purge request holds. */
  planning: 'PLANNING',
  /** Of `tick`: the name of the function that probes; missing where nothing is probed. */
  probeFunction: 'PROBE_FUNCTION',
  /** From where `probe` asks for a URL; `tick` bounds by it how much is asked. */
  vantages: 'VANTAGES',
  /** The objects that topics and queues may tell of, where they are filtered; all of them where it is missing. */
  watchedObjects: 'WATCHED_OBJECTS',
  /** The objects whose puts are left out where nothing changed; none where it is missing. */
  skipUnchanged: 'SKIP_UNCHANGED',
  /** The table that remembers such objects; missing where there are none. */
  seenObjectsTable: 'SEEN_OBJECTS_TABLE',
  /** The webhooks, as `functions/receive-webhook/webhook-config.ts` reads them. */
  webhooks: 'WEBHOOKS',
  /** The ARNs of the webhooks' secrets. */
  webhookSecretIds: 'WEBHOOK_SECRET_IDS',
} as const;

/**
 * Variables that hold JSON; the others hold a string. The stack writes them from a configuration that `infra/settings`
 * has validated, so a function does not validate them again.
 */
interface JsonVariables {
  readonly limits: Limits;
  readonly planning: Planning;
  readonly vantages: Vantages;
  readonly watchedObjects: readonly CarrierFilter[];
  readonly skipUnchanged: readonly ObjectFilter[];
  readonly webhookSecretIds: readonly string[];
}
const jsonVariables: Readonly<Record<keyof JsonVariables, true>> = {
  limits: true,
  planning: true,
  vantages: true,
  watchedObjects: true,
  skipUnchanged: true,
  webhookSecretIds: true,
};

type VariableName = keyof typeof environment;
type Variables = {
  readonly [Name in VariableName]: Name extends keyof JsonVariables ? JsonVariables[Name] : string;
};

/** An environment variable that is missing: the stack and the function do not fit together. */
export class MissingVariableError extends PurgerError {
  override readonly name = 'MissingVariableError';
}

/**
 * @returns the values of environment variables by their names in {@link environment}
 * @throws MissingVariableError that names the first that is missing
 */
export function readEnvironment<Name extends VariableName>(...names: readonly Name[]): Pick<Variables, Name> {
  const values = names.map((name) => {
    const value = readOptionalVariable(name);
    if (value === undefined)
      throw new MissingVariableError(`Expected ${environment[name]} in the environment, got nothing`);
    return [name, value];
  });
  return Object.fromEntries(values) as Pick<Variables, Name>;
}

/** @returns the value of an environment variable; undefined where it is missing or empty */
export function readOptionalVariable<Name extends VariableName>(name: Name): Variables[Name] | undefined {
  const value = process.env[environment[name]];
  if (value === undefined || value === '') return undefined;
  return (name in jsonVariables ? JSON.parse(value) : value) as Variables[Name];
}

/** @returns the purger's name, and a placeholder where a function runs without a stack around it */
export function purgerName(): string {
  return readOptionalVariable('purgerName') ?? 'unnamed';
}
