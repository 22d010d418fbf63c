import type { ServerResponse } from 'node:http';

/** An answer of the API, not sent yet. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; an answer without one has an empty body. */
  readonly body?: unknown;
}

/** Why a request is refused with 400. */
export interface RequestFault {
  readonly code: string;
  readonly message: string;
}

/** @returns an error in the API's form */
export function failure(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } };
}

/** @returns the answer to a request whose content is at fault */
export function badRequest({ code, message }: RequestFault): Answer {
  return failure(400, code, message);
}

/** @returns the answer to a method that a path does not support */
export function notAllowed(methods: readonly string[]): Answer {
  const allow = methods.join(', ');
  return { ...failure(405, 'MethodNotAllowed', `Only ${allow} is allowed here.`), headers: { allow } };
}

/** Sends an answer. */
export function send(response: ServerResponse, answer: Answer): void {
  const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
  response.writeHead(answer.status, {
    'content-type': 'application/json;charset=utf-8',
    'content-length': Buffer.byteLength(text),
    ...answer.headers,
  });
  response.end(text);
}

/** Resets a connection without an answer. */
export function cut(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}
