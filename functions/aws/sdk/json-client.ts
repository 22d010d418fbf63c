import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AwsCredentials, environmentCredentials } from '../environment-credentials.ts';
import { configuredEndpoint, environmentRegion, regionalEndpoint } from './endpoint.ts';
import { createPost, type HttpAnswer } from './post.ts';
import { createRetries, type Retries, type Retry, type RetrySettings } from './retries.ts';
import { type ErrorMetadata, errorName, ServiceError } from './service-error.ts';
import { sign } from './sign.ts';

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** One call of a service. */
export abstract class JsonCommand {
  abstract readonly operation: string;
  readonly input: Json;

  constructor(input: Json) {
    this.input = input;
  }

  /** Where the call goes, if its input says so. */
  endpoint(): URL | undefined {
    return undefined;
  }

  /** @throws where an answer shows that the service has got something else than what was sent */
  check(_output: Json): void {}
}

/** What one service differs in from another. */
export interface Service {
  /** Its name in host names and signatures. */
  readonly name: string;
  /** What comes after `AWS_ENDPOINT_URL_` in the name of the variable that says where it is. */
  readonly variable: string;
  /** What its operations' names are preceded by. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly retry: RetrySettings;
  /** Errors that somebody asks for by their class, by name. */
  readonly errors?: Readonly<
    Record<string, new (name: string, message: string, metadata: ErrorMetadata) => ServiceError>
  >;
}

/** What a client is made of. In a function all of it comes from the environment. */
export interface JsonClientOptions {
  readonly region?: string;
  readonly endpoint?: string;
  readonly credentials?: AwsCredentials;
  readonly maxAttempts?: number;
}

/** A clock that differs by more has its requests refused. The SDK corrects its own at the same difference. */
const maxClockErrorMs = 240_000;

/**
 * A client of a service that speaks AWS's JSON protocol, with as much of the SDK's behaviour as a function can tell:
 * signature, endpoint, retries, connections that stay open, corrected clock and errors' names.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 */
export class JsonClient {
  readonly #service: Service;
  readonly #region: string;
  readonly #endpoint: URL | undefined;
  readonly #credentials: AwsCredentials | undefined;
  readonly #maxAttempts: number;
  readonly #retries: Retries;
  readonly #post = createPost();
  /** What is added to this machine's clock, in milliseconds. */
  #clockOffsetMs = 0;

  constructor(service: Service, { region, endpoint, credentials, maxAttempts }: JsonClientOptions) {
    this.#service = service;
    this.#region = region ?? environmentRegion();
    this.#endpoint = endpoint === undefined ? configuredEndpoint(service.variable) : new URL(endpoint);
    this.#credentials = credentials;
    this.#maxAttempts = maxAttempts ?? service.retry.maxAttempts;
    this.#retries = createRetries({ ...service.retry, maxAttempts: this.#maxAttempts }, Math.random);
  }

  /**
   * @returns what the service answers
   * @throws ServiceError where it answers an error, and what the connection throws; after as many attempts as it takes
   */
  async send(command: JsonCommand): Promise<Json> {
    const invocation = randomUUID();
    let last: Retry | undefined;
    for (let attempt = 1; ; attempt++) {
      const offsetMs = this.#clockOffsetMs;
      try {
        const output = await this.#sendOnce(command, invocation, attempt);
        this.#retries.succeeded(last);
        command.check(output);
        return output;
      } catch (error) {
        const isClockCorrected = error instanceof ServiceError && this.#clockOffsetMs !== offsetMs;
        last = this.#retries.next(error, attempt, isClockCorrected);
        if (error instanceof ServiceError) error.$metadata.attempts = attempt;
        if (last === undefined) throw error;
        await sleep(last.delayMs);
      }
    }
  }

  async #sendOnce(command: JsonCommand, invocation: string, attempt: number): Promise<Json> {
    const { name, target, version } = this.#service;
    const url = this.#endpoint ?? command.endpoint() ?? regionalEndpoint(name, this.#region);
    const body = JSON.stringify(command.input);
    const headers = {
      'content-type': `application/x-amz-json-${version}`,
      'x-amz-target': `${target}.${command.operation}`,
      'amz-sdk-invocation-id': invocation,
      'amz-sdk-request': `attempt=${attempt}; max=${this.#maxAttempts}`,
    };
    const signed = sign(
      { url, headers, body },
      {
        credentials: this.#credentials ?? environmentCredentials(),
        region: this.#region,
        service: name,
        nowMs: Date.now() + this.#clockOffsetMs,
      },
    );
    const answer = await this.#post(url, { ...signed, ...unsignedHeaders() }, body);
    this.#correctClock(answer);
    const output = readJson(answer);
    if (answer.status >= 300) throw this.#errorOf(answer, output ?? {});
    if (output === undefined) throw new TypeError(`Expected JSON from ${url.host}, got something else`);
    return output;
  }

  #correctClock({ headers }: HttpAnswer): void {
    const serverMs = Date.parse(String(headers.date));
    if (Number.isNaN(serverMs) || headers.age !== undefined) return;
    const isOff = Math.abs(Date.now() + this.#clockOffsetMs - serverMs) >= maxClockErrorMs;
    if (isOff) this.#clockOffsetMs = serverMs - Date.now();
  }

  #errorOf({ status, headers }: HttpAnswer, body: Json): ServiceError {
    const name = errorName(body, headers['x-amzn-errortype']?.toString());
    const message = String(body.message ?? body.Message ?? 'UnknownError');
    const requestId = headers['x-amzn-requestid']?.toString();
    const metadata = { httpStatusCode: status, ...(requestId === undefined ? {} : { requestId }) };
    const Known = this.#service.errors?.[name];
    return Known === undefined
      ? new ServiceError(name, message, metadata, retryAfterMs(headers))
      : new Known(name, message, metadata);
  }
}

/** For Lambda's detection of functions that call themselves without end, and for whoever reads CloudTrail. */
function unsignedHeaders(): Readonly<Record<string, string>> {
  const { AWS_LAMBDA_FUNCTION_NAME, _X_AMZN_TRACE_ID } = process.env;
  const isTraced = AWS_LAMBDA_FUNCTION_NAME && _X_AMZN_TRACE_ID;
  return { 'user-agent': 'cdn-pro-purger', ...(isTraced ? { 'x-amzn-trace-id': _X_AMZN_TRACE_ID } : {}) };
}

/** What AWS's own header says in milliseconds, or the standard one in seconds; a date is too coarse to be of use. */
function retryAfterMs(headers: HttpAnswer['headers']): number | undefined {
  const ms = Number(headers['x-amz-retry-after'] ?? Number(headers['retry-after'] ?? Number.NaN) * 1000);
  return Number.isNaN(ms) ? undefined : ms;
}

function readJson({ body }: HttpAnswer): Json | undefined {
  if (body === '') return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    // A proxy's page, or an answer that was cut: the status says more.
    return undefined;
  }
}
