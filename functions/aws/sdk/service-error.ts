/** What is known of a request that failed, in the form that the SDK gives it. */
export interface ErrorMetadata {
  readonly httpStatusCode: number;
  readonly requestId?: string;
  /** How often the request was sent. */
  attempts?: number;
}

/** An error that a service answered. It is named as the service names it, as the SDK's errors are. */
export class ServiceError extends Error {
  override readonly name: string;
  readonly $fault: 'client' | 'server';
  readonly $metadata: ErrorMetadata;
  /** When the service wants to be asked again, in milliseconds from its answer. */
  readonly retryAfterMs: number | undefined;

  constructor(name: string, message: string, metadata: ErrorMetadata, retryAfterMs?: number) {
    super(message);
    this.name = name;
    this.$fault = metadata.httpStatusCode < 500 ? 'client' : 'server';
    this.$metadata = metadata;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * The name of an error, which services write as `Name`, `namespace#Name` or `Name:URL`.
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization
 */
export function errorName(body: Readonly<Record<string, unknown>>, header: string | undefined): string {
  const text = String(body.__type ?? body.code ?? body.Code ?? header ?? 'UnknownError');
  const [beforeUrl = ''] = text.split(/[,:]/);
  return beforeUrl.slice(beforeUrl.indexOf('#') + 1);
}
