/** What an endpoint of Lambda or EventBridge answers, in JSON. */
export interface Answer {
  readonly status: number;
  /** The name of an exception of the service. */
  readonly error?: string;
  /** That a handler has failed, as Lambda's header says it. */
  readonly functionError?: 'Unhandled';
  readonly body: unknown;
}

/** @returns an answer with an exception of the service */
export function refusal(status: number, error: string, message: string): Answer {
  return { status, error, body: { __type: error, message } };
}
